-- Accept a job: write its record, its arrays and its first stage, all of them or nothing.
-- ARGV: run, kind, owner, version, request, need, store bytes, keep seconds, chunk units,
--       idempotency name or '', body hash, stage name, units, chunks, open, cost,
--       before, within, number of arrays, then ref and bytes of each; the most jobs that the user may
--       have going on, 0 for any number; the name that its result is found by, or ''; bytes that may
--       be kept of the user's ended jobs, 0 for no limit
local run, kind, owner, version, request = ARGV[1], ARGV[2], ARGV[3], ARGV[4], ARGV[5]
local need, limit, keep = tonumber(ARGV[6]), tonumber(ARGV[7]), tonumber(ARGV[8])
local arrays = 0
for i = 0, tonumber(ARGV[19]) - 1 do arrays = arrays + #ARGV[21 + 2 * i] end
local most = tonumber(ARGV[20 + 2 * tonumber(ARGV[19])])
need = math.max(need, arrays)
-- the same call again, because its answer was lost
if call('exists', job_key(run)) == 1 then
  return { call('lpos', line_key(version, owner), run) and 'in line' or 'begun', run }
end
local once = P .. 'key:' .. ARGV[10]

if ARGV[10] ~= '' then
  local first, body = unpack(call('hmget', once, 'run', 'body'))
  if first then return { body == ARGV[11] and 'again' or 'other', first } end
end
forget_expired()
local promised, kept = unpack(call('hmget', STORE, 'promised', 'kept'))
if tonumber(promised or 0) + tonumber(kept or 0) + need > limit then return { 'full', run } end

if ARGV[10] ~= '' then
  call('hset', once, 'run', run, 'body', ARGV[11])
  call('expire', once, keep)
end
local moment = now()
call('hset', job_key(run), 'kind', kind, 'owner', owner, 'version', version, 'request', request,
  'need', need, 'keep_seconds', keep, 'chunk_units', ARGV[9], 'created_at', seconds_text(moment),
  'most_going', most)
local name = ARGV[21 + 2 * tonumber(ARGV[19])]
if name ~= '' then call('hset', job_key(run), 'result_name', name) end
local room = tonumber(ARGV[22 + 2 * tonumber(ARGV[19])])
if room > 0 then call('hset', job_key(run), 'room', room) end
if ARGV[10] ~= '' then call('hset', job_key(run), 'once', ARGV[10]) end
call('hincrby', STORE, 'promised', need)
for i = 0, tonumber(ARGV[19]) - 1 do
  local ref, data = ARGV[20 + 2 * i], ARGV[21 + 2 * i]
  if call('hincrby', refs_key(run), ref, 1) == 1 and call('hincrby', BLOBS, ref, 1) == 1 then
    call('set', blob_key(ref), data)
    call('hincrby', STORE, 'bytes', #data)
  end
end
call('hset', job_key(run), 'used', arrays)
call('zadd', active_key(version), seconds_text(moment), run)
call('zadd', VERSIONS, 'nx', seconds_text(moment), version)
local mine = P .. 'jobs-of:' .. owner
call('zadd', mine, seconds_text(moment), run)
-- a job may take this long, and its record is kept this long after the job has ended
call('zremrangebyscore', mine, 0, moment - 2 * keep)
call('persist', mine)
local goes_on = join_line(run, version, owner, most)
install(run, 0, unpack(ARGV, 12, 18))
if goes_on then return { 'begun', run } end
-- it is a turn of another job that will begin it, so no chord's body will open its join
call('hset', work_key(run), 'open', 1)
return { 'in line', run }
