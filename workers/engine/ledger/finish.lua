-- Complete a job: its result where Celery's result backend looks for it, once.
-- ARGV: holder, run, cut, piece, seconds, result document
local run = ARGV[2]
if not hand_in(ARGV[1], run, ARGV[3], ARGV[4]) then return 'ended' end
settle(run, tonumber(ARGV[5]))
count_piece(run, tonumber(ARGV[5]))
end_job(run, 'completed', ARGV[6])
return 'kept'
