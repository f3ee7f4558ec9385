-- Give back a piece that could not be done now, with the reason, for another try: in a second, then
-- in two, in four, so that one worker in trouble does not use up all the tries.
-- After the last of them its job fails.
-- ARGV: holder, run, cut, piece, reason, most tries
local holder, run, cut, piece = ARGV[1], ARGV[2], ARGV[3], ARGV[4]
if not hand_in(holder, run, cut, piece) then return 'ended' end
local held, tries = unpack(call('hmget', work_key(run), 'h:' .. piece, 't:' .. piece))
if held ~= holder then return 'ended' end
if tonumber(tries) >= tonumber(ARGV[6]) then
  give_up(run, ARGV[6], ARGV[5])
  return 'ended'
end
call('hset', work_key(run), 'w:' .. piece, ARGV[5])
count('retries')
hold_lease('-', run, cut, piece, 0.5 * 2 ^ tonumber(tries))
return 'kept'
