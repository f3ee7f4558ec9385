-- Store a blob under its hash, held by a job.
-- ARGV: run, ref, bytes, store bytes
local run, ref = ARGV[1], ARGV[2]
if not alive(run) then return 'ended' end
local size = #ARGV[3]
if call('hexists', refs_key(run), ref) == 0 then
  -- within its promise a job always has room; beyond it, only room that no other job was promised
  local more = grow(run, size)
  if more > 0 then
    local promised, kept = unpack(call('hmget', STORE, 'promised', 'kept'))
    if tonumber(promised) + tonumber(kept or 0) + more > tonumber(ARGV[4]) then
      grow(run, -size)
      return 'full'
    end
    call('hincrby', STORE, 'promised', more)
  end
  if call('hincrby', BLOBS, ref, 1) == 1 then
    call('set', blob_key(ref), ARGV[3])
    call('hincrby', STORE, 'bytes', size)
  end
end
call('hincrby', refs_key(run), ref, 1)
return 'kept'
