-- Cancel a job that has not ended: its pieces, its arrays and its messages are gone at once.
-- ARGV: run
local run = ARGV[1]
if not alive(run) then return 0 end
local queue = queue_of(call('hget', job_key(run), 'version'))
for _, message in ipairs(call('lrange', queue, 0, -1)) do
  if string.find(message, run, 1, true) then call('lrem', queue, 1, message) end
end
end_job(run, 'cancelled', cjson.encode({
  task_id = run, status = 'REVOKED', result = cjson.null, traceback = cjson.null,
}))
return 1
