-- Postpone a piece because there is no room for its arrays. It costs no try, and after a number of
-- times its job fails.
-- ARGV: holder, run, cut, piece, seconds, most times, reason
local holder, run, cut, piece = ARGV[1], ARGV[2], ARGV[3], ARGV[4]
local work = work_key(run)
if not hand_in(holder, run, cut, piece) then return 'ended' end
if call('hget', work, 'h:' .. piece) ~= holder then return 'ended' end
if call('hincrby', work, 'p:' .. piece, 1) > tonumber(ARGV[6]) then
  fail_job(run, ARGV[7])
  return 'ended'
end
call('hincrby', work, 't:' .. piece, -1)
settle(run, 0)
count('postponed')
hold_lease('-', run, cut, piece, tonumber(ARGV[5]))
return 'kept'
