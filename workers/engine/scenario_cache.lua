-- Record which blocks a chunk read from the scenario cache, and store those that it simulated. The
-- least recently used blocks are deleted until there is room. Nothing is written for a chunk that
-- read none and simulated none.
-- ARGV: limit bytes, lifetime seconds, blocks missed, number of blocks read, those, then name and
--       bytes of each block to keep
-- Returns hits, misses and evictions so far, and the blocks and bytes that there are.

local P = 'axiomatic:scenarios:'
local USED = P .. 'used'      -- zset: block by when it was used last
local SIZES = P .. 'sizes'    -- hash: block to its bytes, and 'all' to their sum
local COUNTS = P .. 'counts'  -- hash: hits, misses, evictions

local call = redis.call
local limit, lifetime, misses = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local hits = tonumber(ARGV[4])
local time = call('time')
local now = tonumber(time[1]) + tonumber(time[2]) / 1000000

local function block_key(name) return P .. 'block:' .. name end

local function use(name)
  -- distinct times in the blocks' order, although Redis's clock stands still within a script
  now = now + 0.000001
  call('zadd', USED, string.format('%.6f', now), name)
  call('expire', block_key(name), lifetime)
end

local function forget(name)
  local bytes = call('hget', SIZES, name)
  if bytes then
    call('hdel', SIZES, name)
    call('hincrby', SIZES, 'all', -bytes)
  end
  call('zrem', USED, name)
  call('unlink', block_key(name))
end

local function forget_all()
  for _, name in ipairs(call('zrange', USED, 0, -1)) do call('unlink', block_key(name)) end
  for _, name in ipairs(call('hkeys', SIZES)) do call('unlink', block_key(name)) end
  call('unlink', USED, SIZES)
end

-- first, so that a Redis without room rejects the whole script and not a part of it
if hits > 0 then call('hincrby', COUNTS, 'hits', hits) end
if misses > 0 then call('hincrby', COUNTS, 'misses', misses) end

-- one of the two keys was deleted by hand; blocks that only the other lists would never be counted
if call('zcard', USED) ~= math.max(call('hlen', SIZES) - 1, 0) then forget_all() end

local over = string.format('%.6f', now - lifetime)
for _, name in ipairs(call('zrangebyscore', USED, '-inf', over)) do forget(name) end

for i = 5, 4 + hits do
  -- another script may have evicted the block since it was read
  if call('hexists', SIZES, ARGV[i]) == 1 then use(ARGV[i]) end
end

for i = 5 + hits, #ARGV, 2 do
  local name, bytes = ARGV[i], ARGV[i + 1]
  forget(name)
  if #bytes <= limit then
    while tonumber(call('hget', SIZES, 'all') or 0) + #bytes > limit do
      local oldest = call('zrange', USED, 0, 0)[1]
      if oldest then
        forget(oldest)
        call('hincrby', COUNTS, 'evictions', 1)
      else
        forget_all()  -- somebody has changed the sum
      end
    end
    call('set', block_key(name), bytes)
    call('hset', SIZES, name, #bytes)
    call('hincrby', SIZES, 'all', #bytes)
    use(name)
  end
end

-- the index expires together with the block that was used last
if #ARGV > 4 then
  call('expire', USED, lifetime)
  call('expire', SIZES, lifetime)
end

local counts = call('hmget', COUNTS, 'hits', 'misses', 'evictions')
return { tonumber(counts[1] or 0), tonumber(counts[2] or 0), tonumber(counts[3] or 0),
  call('zcard', USED), tonumber(call('hget', SIZES, 'all') or 0) }
