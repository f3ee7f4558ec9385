-- Keep a stage's facts and begin the next stage, once.
-- ARGV: holder, run, cut, piece, seconds, name, facts, next stage, next name, units, chunks, open,
--       cost, before, within, number of blobs the facts have, those, then blobs no longer needed
local holder, run, cut, piece = ARGV[1], ARGV[2], ARGV[3], ARGV[4]
local last = 16 + tonumber(ARGV[16])
if not hand_in(holder, run, cut, piece) then return 'ended' end
if not all_there(run, ARGV, 17, last) then
  put_back(holder .. ' ' .. run .. ' ' .. cut .. ' ' .. piece)
  return 'lost'
end
settle(run, tonumber(ARGV[5]))
count_piece(run, tonumber(ARGV[5]))
call('hset', job_key(run), 'facts:' .. ARGV[6], ARGV[7])
for i = last + 1, #ARGV do let_go(run, ARGV[i]) end
install(run, unpack(ARGV, 8, 15))
return 'kept'
