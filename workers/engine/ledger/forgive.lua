-- Remove a worker that was ended as a whole, and hand its pieces out again at once. It was not they
-- that ended it, so these tries do not count; but for as many only as the limit says, as a piece
-- may end all processes of a worker too.
-- ARGV: node, most tries forgiven
local node, most = ARGV[1], tonumber(ARGV[2])
for _, lease in ipairs(call('zrange', LEASES, 0, -1)) do
  local holder, run, cut, piece = split(lease)
  if string.sub(holder, 1, #node + 1) == node .. '|' then
    drop_lease(lease, holder)
    local work = work_key(run)
    local current = call('hget', work, 'cut') == cut and call('hget', work, 'h:' .. piece) == holder
    if alive(run) and current and call('hincrby', work, 'f:' .. piece, 1) <= most then
      call('hincrby', work, 't:' .. piece, -1)
    end
    put_back(lease)
  end
end
call('zrem', NODES_SEEN, node)
call('hdel', NODES, node)
return 1
