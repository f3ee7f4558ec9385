-- Keep a stage's facts and begin the next stage, once.
-- ARGV: holder, run, stage, piece, seconds, name, facts, next stage, next name, units, chunks, open,
--       cost, before, within, then blobs no longer needed
local holder, run, stage, piece = ARGV[1], ARGV[2], ARGV[3], ARGV[4]
drop_lease(holder .. ' ' .. run .. ' ' .. stage .. ' ' .. piece, holder)
if not alive(run) or call('hget', work_key(run), 'stage') ~= stage then return 'ended' end
settle(run, tonumber(ARGV[5]))
call('hset', job_key(run), 'facts:' .. ARGV[6], ARGV[7])
for i = 16, #ARGV do let_go(run, ARGV[i]) end
install(run, unpack(ARGV, 8, 15))
return 'kept'
