-- What every script of the ledger shares: the names of the keys, and the moves made in several
-- places. Times are Redis's own seconds; numbers that a double must carry whole are below 2^53.

local P = 'axiomatic:'
local LEASES = P .. 'leases'     -- zset: "holder run stage piece" by when the lease ends
local HELD = P .. 'held'         -- hash: holder to the lease it has
local STORE = P .. 'store'       -- hash: bytes of all blobs, bytes promised to jobs that have not ended
local BLOBS = P .. 'blobs'       -- hash: blob to the number of jobs that hold it
local FAN = 64                   -- as many values are merged into one

local function job_key(run) return P .. 'job:' .. run end
local function work_key(run) return P .. 'work:' .. run end      -- hash: the stage a job is in
local function ready_key(run) return P .. 'ready:' .. run end    -- list: pieces to hand out first
local function refs_key(run) return P .. 'refs:' .. run end      -- hash: blob to how often the job holds it
local function blob_key(ref) return P .. 'blob:' .. ref end
local function users_key(version) return P .. 'users:' .. version end    -- zset: users with pieces waiting
local function lane_key(version, user) return P .. 'lane:' .. version .. ':' .. user end  -- zset: their jobs
local function served_key(version) return P .. 'served:' .. version end  -- zset: seconds of service
local function clock_key(version) return P .. 'clock:' .. version end    -- service of the last served
local function lanes_key(version) return P .. 'lanes:' .. version end    -- hash: the same, by lane
local function active_key(version) return P .. 'active:' .. version end  -- zset: jobs that have not ended

local call = redis.call

local function now()
  local t = call('time')
  return tonumber(t[1]) + tonumber(t[2]) / 1000000
end

local function seconds_text(value)
  return string.format('%.6f', value)
end

local function alive(run)
  local kind, outcome = unpack(call('hmget', job_key(run), 'kind', 'outcome'))
  return kind and not outcome
end

local function waiting(run)
  if call('llen', ready_key(run)) > 0 then return true end
  local following, chunks = unpack(call('hmget', work_key(run), 'next', 'chunks'))
  return following and tonumber(following) < tonumber(chunks)
end

-- A job with pieces to hand out stands in its user's lane, and the user among those to be served:
-- start-time fair queueing, twice. Whoever joins starts at the clock, the level of the last served,
-- or where it was if that is further: having waited long ago earns nothing now.
-- The clock may have run ahead of those who wait, by pieces that took less than was thought.
local function start(line, clock)
  local first = call('zrange', line, 0, 0, 'withscores')
  return math.min(tonumber(clock or 0), tonumber(first[2] or clock or 0))
end

local function enlist(run)
  local version, user, served = unpack(call('hmget', job_key(run), 'version', 'owner', 'served'))
  local lane = lane_key(version, user)
  if not call('zscore', lane, run) then
    local clock = call('hget', lanes_key(version), user)
    call('zadd', lane, math.max(start(lane, clock), tonumber(served or 0)), run)
  end
  if not call('zscore', users_key(version), user) then
    local clock = call('get', clock_key(version))
    local before = tonumber(call('zscore', served_key(version), user) or 0)
    call('zadd', users_key(version), math.max(start(users_key(version), clock), before), user)
  end
end

local function delist(run, version, user)
  local lane = lane_key(version, user)
  call('zrem', lane, run)
  if call('exists', lane) == 0 then call('zrem', users_key(version), user) end
end

-- Charge seconds of service to a job and its user.
local function charge(run, version, user, seconds)
  local users, lane = users_key(version), lane_key(version, user)
  local level = call('zscore', users, user) or call('zscore', served_key(version), user)
    or call('get', clock_key(version)) or 0
  level = tonumber(level) + seconds
  call('zadd', served_key(version), level, user)
  if call('zscore', users, user) then call('zadd', users, level, user) end
  local own = call('zscore', lane, run) or call('hget', job_key(run), 'served')
    or call('hget', lanes_key(version), user) or 0
  own = tonumber(own) + seconds
  call('hset', job_key(run), 'served', own)
  if call('zscore', lane, run) then call('zadd', lane, own, run) end
end

-- What a piece took in place of what it was charged when it was taken.
local function settle(run, seconds)
  local version, user = unpack(call('hmget', job_key(run), 'version', 'owner'))
  charge(run, version, user, seconds - tonumber(call('hget', work_key(run), 'cost')))
end

local function split(lease)
  return string.match(lease, '^(%S+) (%S+) (%S+) (%S+)$')
end

local function level_of(piece)
  local level, place = string.match(piece, '^(%d+)%.(%d+)$')
  return tonumber(level), tonumber(place)
end

local function drop_lease(lease, holder)
  call('zrem', LEASES, lease)
  if call('hget', HELD, holder) == lease then call('hdel', HELD, holder) end
end

-- A piece whose lease ended unkept goes first in line again, if nobody else has it by now.
local function put_back(lease)
  local holder, run, stage, piece = split(lease)
  if not alive(run) then return end
  local at, done, held =
    unpack(call('hmget', work_key(run), 'stage', 'v:' .. piece, 'h:' .. piece))
  if at ~= stage or done or held ~= holder then return end
  call('hdel', work_key(run), 'h:' .. piece)
  call('rpush', ready_key(run), piece)
  enlist(run)
end

local function unhold(ref)
  if call('hincrby', BLOBS, ref, -1) <= 0 then
    call('hdel', BLOBS, ref)
    call('hincrby', STORE, 'bytes', -call('strlen', blob_key(ref)))
    call('unlink', blob_key(ref))
  end
end

local function let_go(run, ref)
  local left = call('hincrby', refs_key(run), ref, -1)
  if left == 0 then
    call('hdel', refs_key(run), ref)
    unhold(ref)
  elseif left < 0 then
    call('hdel', refs_key(run), ref)  -- it was not this job's
  end
end

-- End a job: its outcome, its result for the result backend, and nothing else of it left behind.
local function end_job(run, outcome, document, reason)
  local job = job_key(run)
  local version, user, need, keep =
    unpack(call('hmget', job, 'version', 'owner', 'need', 'keep_seconds'))
  call('hset', job, 'outcome', outcome, 'ended_at', seconds_text(now()))
  if reason then
    call('hset', job, 'error', reason)
  end
  call('set', 'celery-task-meta-' .. run, document, 'ex', keep)
  for _, field in ipairs(call('hkeys', job)) do
    if string.sub(field, 1, 6) == 'facts:' then call('hdel', job, field) end
  end
  -- the lineups of a completed job are named from its request; of others nothing is asked again
  if outcome ~= 'completed' then call('hdel', job, 'request') end
  call('expire', job, keep)
  call('expire', P .. 'jobs-of:' .. user, keep)
  for _, ref in ipairs(call('hkeys', refs_key(run))) do unhold(ref) end
  for stage = 0, tonumber(call('hget', work_key(run), 'stage') or -1) do
    local group = 'celery-taskset-meta-' .. run .. '.' .. stage
    call('del', group, group .. '.j', group .. '.t', group .. '.s', group .. '.d', group .. '.c')
  end
  call('unlink', work_key(run), ready_key(run), refs_key(run))
  call('zrem', active_key(version), run)
  call('hincrby', STORE, 'promised', -tonumber(need))
  delist(run, version, user)
end

local function failure(run, reason)
  return cjson.encode({
    task_id = run, status = 'FAILURE', traceback = cjson.null,
    result = { exc_type = 'JobFailed', exc_message = { reason }, exc_module = 'workers.jobs' },
  })
end

local function fail_job(run, reason)
  end_job(run, 'failed', failure(run, reason), cjson.encode({ reason = reason }))
end

-- Begin a stage: forget the one before, and hand out the chunks of this one.
local function install(run, stage, name, units, chunks, open, cost, before, within)
  chunks = tonumber(chunks)
  call('del', work_key(run), ready_key(run))
  local top, nodes = 1, math.ceil(chunks / FAN)
  while nodes > 1 do
    nodes = math.ceil(nodes / FAN)
    top = top + 1
  end
  local moment = seconds_text(now())
  call('hset', work_key(run), 'stage', stage, 'units', units, 'chunks', chunks, 'next', 0, 'top', top, 'done', 0,
    'open', open, 'cost', cost, 'before', before, 'within', within, 'since', moment)
  call('hset', job_key(run), 'stage', name)
  enlist(run)
end

-- How many values a node of the tree merges.
local function children(chunks, level, place)
  local below = math.ceil(chunks / FAN ^ (level - 1))
  return math.min(FAN, below - place * FAN)
end

local function root_of(run)
  return call('hget', work_key(run), 'top') .. '.0'
end

local function hold_lease(holder, run, stage, piece, seconds)
  local lease = holder .. ' ' .. run .. ' ' .. stage .. ' ' .. piece
  call('zadd', LEASES, seconds_text(now() + seconds), lease)
  call('hset', work_key(run), 'h:' .. piece, holder)
  return lease
end
