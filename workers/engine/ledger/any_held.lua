-- Whether any of these holders has a piece.
-- ARGV: holders
for _, holder in ipairs(ARGV) do
  if call('hexists', HELD, holder) == 1 then return 1 end
end
return 0
