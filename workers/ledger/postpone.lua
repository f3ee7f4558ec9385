-- Put a piece off for want of room: no try is counted, and after so many times its job fails.
-- ARGV: holder, run, stage, piece, seconds, most times, reason
local holder, run, stage, piece = ARGV[1], ARGV[2], ARGV[3], ARGV[4]
drop_lease(holder .. ' ' .. run .. ' ' .. stage .. ' ' .. piece, holder)
local work = work_key(run)
local at, held = unpack(call('hmget', work, 'stage', 'h:' .. piece))
if not alive(run) or at ~= stage or held ~= holder then return 'ended' end
if call('hincrby', work, 'p:' .. piece, 1) > tonumber(ARGV[6]) then
  fail_job(run, ARGV[7])
  return 'ended'
end
call('hincrby', work, 't:' .. piece, -1)
settle(run, 0)
hold_lease('-', run, stage, piece, tonumber(ARGV[5]))
return 'kept'
