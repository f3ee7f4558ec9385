-- Give back a piece that could not be done now, with the reason, for another try.
-- ARGV: holder, run, stage, piece, reason
local lease = ARGV[1] .. ' ' .. ARGV[2] .. ' ' .. ARGV[3] .. ' ' .. ARGV[4]
drop_lease(lease, ARGV[1])
if not alive(ARGV[2]) or call('hget', work_key(ARGV[2]), 'stage') ~= ARGV[3] then return 'ended' end
call('hset', work_key(ARGV[2]), 'w:' .. ARGV[4], ARGV[5])
put_back(lease)
return 'kept'
