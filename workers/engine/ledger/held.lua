-- What these holders hold: for each that has a piece its lease, when it took it, and 1 if the job of
-- it has ended.
-- ARGV: holders
local found = {}
for _, holder in ipairs(ARGV) do
  local lease = call('hget', HELD, holder)
  if lease then
    local _, run, _, piece = split(lease)
    local since = call('hget', work_key(run), 'a:' .. piece) or ''
    found[#found + 1] = { holder, lease, since, alive(run) and 0 or 1 }
  end
end
return found
