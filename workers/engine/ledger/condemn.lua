-- Condemn a child that its worker is about to kill: it is handed no other piece from now on, and its
-- lease ends. Where the piece has had its time, the job fails with the reason, as another try would
-- take as long. Nothing happens if the child holds anything else by now.
-- ARGV: holder, its lease, when it took it, then error document and reason ('' and '': only if the
-- job has ended)
local holder, lease = ARGV[1], ARGV[2]
if call('hget', HELD, holder) ~= lease then return 0 end
local _, run, _, piece = split(lease)
if alive(run) then
  if ARGV[4] == '' or call('hget', work_key(run), 'a:' .. piece) ~= ARGV[3] then return 0 end
  end_job(run, 'failed', failure(run, ARGV[5]), ARGV[4])
end
drop_lease(lease, holder)
-- by then it is dead, and its number may be another child's
call('set', condemned_key(process_of(holder)), 1, 'ex', 60)
return 1
