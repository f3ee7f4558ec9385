-- Cancel a job that has not ended: its pieces, its arrays and its messages are gone at once.
-- ARGV: run, queue
local run = ARGV[1]
if not alive(run) then return 0 end
for _, message in ipairs(call('lrange', ARGV[2], 0, -1)) do
  if string.find(message, run, 1, true) then call('lrem', ARGV[2], 1, message) end
end
end_job(run, 'cancelled', cjson.encode({
  task_id = run, status = 'REVOKED', result = cjson.null, traceback = cjson.null,
}))
return 1
