-- Lay a blob under its hash and hold it for a job.
-- ARGV: run, ref, bytes, store bytes
local run, ref = ARGV[1], ARGV[2]
if not alive(run) then return 'ended' end
local size = #ARGV[3]
if call('hexists', BLOBS, ref) == 0 then
  local bytes = tonumber(call('hget', STORE, 'bytes') or 0)
  if bytes + size > tonumber(ARGV[4]) then return 'full' end
  call('set', blob_key(ref), ARGV[3])
  call('hincrby', STORE, 'bytes', size)
end
if call('hincrby', refs_key(run), ref, 1) == 1 then call('hincrby', BLOBS, ref, 1) end
return 'kept'
