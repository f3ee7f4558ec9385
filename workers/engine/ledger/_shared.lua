-- The names of the keys, and functions that several scripts of the ledger share. Times are in
-- seconds of Redis's clock. Whole numbers stay below 2^53, as Lua's numbers are doubles.
--
-- A job goes from stage to stage. A stage is cut into pieces whenever it begins, and each cut has a
-- name, so that pieces of an older cut of the same stage are recognised. A user's jobs with waiting
-- pieces form the user's lane. A level is the service in seconds that a user, or a job in its lane,
-- has had; a clock is the level of the last one served. Jobs beyond those that a user may have going
-- on stand in the user's line, first come, first served: they are in no lane until one before ends.

local P = 'axiomatic:'
local LEASES = P .. 'leases'     -- zset: "holder run cut piece" by when the lease ends
local HELD = P .. 'held'         -- hash: holder to the lease it has
local STORE = P .. 'store'       -- hash: bytes of all blobs; promised to jobs that go on; kept of others
local KEPT = P .. 'kept'         -- zset: "run size" of what is kept of ended jobs, by when it expires
local NODES = P .. 'nodes'       -- hash: worker to "version slots"
local NODES_SEEN = P .. 'nodes-seen'  -- zset: worker by when it last reported
local VERSIONS = P .. 'versions' -- zset: version by when one of its workers last reported
local BLOBS = P .. 'blobs'       -- hash: blob to the number of jobs that hold it
local COUNTS = P .. 'counts'     -- hash: what has happened so far, by name and labels
local GONE_SECONDS = 7 * 86400   -- for so long a job whose record is gone is known to have been
local FAN = 64                   -- as many values are merged into one

local function job_key(run) return P .. 'job:' .. run end
local function work_key(run) return P .. 'work:' .. run end      -- hash: the stage a job is in
local function ready_key(run) return P .. 'ready:' .. run end    -- list: pieces to hand out first
local function refs_key(run) return P .. 'refs:' .. run end      -- hash: blob to how often the job holds it
local function blob_key(ref) return P .. 'blob:' .. ref end
local function ended_key(user) return P .. 'ended:' .. user end  -- zset: "run size" of results, by when they expire
local function ended_bytes_key(user) return P .. 'ended-bytes:' .. user end  -- bytes of those together
local function gone_key(run) return P .. 'gone:' .. run end      -- text: whose job it was
local function users_key(version) return P .. 'users:' .. version end    -- zset: users with pieces waiting
local function lane_key(version, user) return P .. 'lane:' .. version .. ':' .. user end  -- zset: their jobs
local function served_key(version) return P .. 'served:' .. version end  -- zset: seconds of service
local function clock_key(version) return P .. 'clock:' .. version end    -- service of the last served
local function lanes_key(version) return P .. 'lanes:' .. version end    -- hash: the same, by lane
local function active_key(version) return P .. 'active:' .. version end  -- zset: jobs that have not ended
local function going_key(version, user) return P .. 'going:' .. version .. ':' .. user end  -- set: their jobs that go on
local function line_key(version, user) return P .. 'line:' .. version .. ':' .. user end  -- list: those after them

local function condemned_key(process) return P .. 'condemned:' .. process end  -- about to be killed

local function queue_of(version) return 'axiomatic-' .. version end      -- list: Celery's messages

local call = redis.call

local function now()
  local t = call('time')
  return tonumber(t[1]) + tonumber(t[2]) / 1000000
end

local function seconds_text(value)
  return string.format('%.6f', value)
end

-- Count what has happened, for whoever watches the installation. The counts only rise.
local function count(name, amount)
  call('hincrby', COUNTS, name, amount or 1)
end

-- Count a piece of the stage that a job is in, and the seconds it took: in whole microseconds, so
-- that sums are exact, and by the least of these limits that it kept to.
local function count_piece(run, seconds)
  local kind, stage = unpack(call('hmget', job_key(run), 'kind', 'stage'))
  local labels = ' ' .. kind .. ' ' .. stage
  local kept_to = '+Inf'
  for _, limit in ipairs({ '0.1', '0.25', '0.5', '1.0', '2.5', '5.0', '15.0', '60.0', '300.0' }) do
    if seconds <= tonumber(limit) then
      kept_to = limit
      break
    end
  end
  count('piece ' .. kept_to .. labels)
  count('micros' .. labels, math.floor(seconds * 1000000 + 0.5))
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

-- The level to start at. The clock may be ahead of those who wait, by pieces that took less time
-- than estimated.
local function start_level(line, clock)
  local first = call('zrange', line, 0, 0, 'withscores')
  return math.min(tonumber(clock or 0), tonumber(first[2] or clock or 0))
end

-- A job with waiting pieces is in its user's lane, and its user among the users to be served:
-- start-time fair queueing on two levels. A user or job that joins starts at the clock, or at its
-- own last level if that is higher, so idle time earns no priority.
local function enlist(run)
  local version, user, served = unpack(call('hmget', job_key(run), 'version', 'owner', 'served'))
  local lane = lane_key(version, user)
  if not call('zscore', lane, run) then
    local clock = call('hget', lanes_key(version), user)
    call('zadd', lane, math.max(start_level(lane, clock), tonumber(served or 0)), run)
  end
  if not call('zscore', users_key(version), user) then
    local clock = call('get', clock_key(version))
    local before = tonumber(call('zscore', served_key(version), user) or 0)
    call('zadd', users_key(version), math.max(start_level(users_key(version), clock), before), user)
  end
end

-- Let those who are first in a user's line go on, while there are fewer than may.
local function move_up(version, user, most)
  while most == 0 or call('scard', going_key(version, user)) < most do
    local run = call('lpop', line_key(version, user))
    if not run then return end
    call('sadd', going_key(version, user), run)
    -- a job that has just begun has no stage yet, and is put into its lane with it
    if call('exists', work_key(run)) == 1 then enlist(run) end
  end
end

-- Let a job go on, or stand in line behind the user's others; whether it goes on.
local function join_line(run, version, user, most)
  call('rpush', line_key(version, user), run)
  move_up(version, user, most)
  return call('sismember', going_key(version, user), run) == 1
end

-- A job has ended: it leaves the line, or the next in line goes on in its place.
local function leave_line(run, version, user, most)
  if call('srem', going_key(version, user), run) == 1 then
    move_up(version, user, most)
  else
    call('lrem', line_key(version, user), 1, run)
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

-- Charge the time that a piece took in place of the estimate charged when it was taken.
local function settle(run, seconds)
  local version, user = unpack(call('hmget', job_key(run), 'version', 'owner'))
  charge(run, version, user, seconds - tonumber(call('hget', work_key(run), 'cost')))
end

local function split(lease)
  return string.match(lease, '^(%S+) (%S+) (%S+) (%S+)$')
end

-- A holder is a message in a process of a worker: "node|process|message".
local function process_of(holder)
  return string.match(holder, '^(.*|%d+)|[^|]*$') or holder
end

local function level_of(piece)
  local level, index = string.match(piece, '^(%d+)%.(%d+)$')
  return tonumber(level), tonumber(index)
end

local function drop_lease(lease, holder)
  if call('hget', HELD, holder) == lease then call('hdel', HELD, holder) end
  return call('zrem', LEASES, lease) == 1
end

-- A piece whose lease ended before its value was kept is handed out again first, unless another
-- holder has it by now.
local function put_back(lease)
  local holder, run, cut, piece = split(lease)
  if not alive(run) then return end
  local at, done, held =
    unpack(call('hmget', work_key(run), 'cut', 'v:' .. piece, 'h:' .. piece))
  if at ~= cut or done or held ~= holder then return end
  call('hdel', work_key(run), 'h:' .. piece)
  call('rpush', ready_key(run), piece)
  -- the lease of no holder is one that waits: for a chord's body, for room, or to try again
  if holder ~= '-' then count('leases_lost') end
  enlist(run)
end

-- Leases that end later than any can were made before the clock was put back: they begin anew, and
-- those of living children are renewed within a second.
local function mend_leases(lease_seconds)
  local moment = now()
  local late = '(' .. seconds_text(moment + 2 * lease_seconds)
  for _, lease in ipairs(call('zrangebyscore', LEASES, late, '+inf', 'limit', 0, 500)) do
    call('zadd', LEASES, seconds_text(moment + lease_seconds), lease)
  end
end

-- Hand out again the pieces of leases that have ended, up to a limit.
local function end_leases(most)
  local due = call('zrangebyscore', LEASES, '-inf', seconds_text(now()), 'limit', 0, most)
  for _, lease in ipairs(due) do
    drop_lease(lease, (split(lease)))
    put_back(lease)
  end
end

-- If a job stores more bytes than it was promised, its promise is raised to what it stores.
local function grow(run, bytes)
  local need, used = unpack(call('hmget', job_key(run), 'need', 'used'))
  need, used = tonumber(need), tonumber(used or 0)
  call('hset', job_key(run), 'used', used + bytes)
  return math.max(need, used + bytes) - math.max(need, used)
end

local function forget_expired()
  for _, each in ipairs(call('zrangebyscore', KEPT, '-inf', seconds_text(now()), 'limit', 0, 500)) do
    call('zrem', KEPT, each)
    call('hincrby', STORE, 'kept', -tonumber(string.match(each, ' (%d+)$')))
  end
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
    call('hincrby', STORE, 'promised', grow(run, -call('strlen', blob_key(ref))))
    unhold(ref)
  elseif left < 0 then
    call('hdel', refs_key(run), ref)  -- it was not this job's
  end
end

-- How far a job has come, 0 to 1, as its work's record says; nothing where there is none.
local function progress_of(run)
  local at = call('hmget', work_key(run), 'before', 'within', 'done', 'chunks')
  if at[1] then return math.min(1, at[1] + at[2] * math.min(1, at[3] / at[4])) end
end

-- Keep how far a job came, which its work's record says until it ends.
local function keep_progress(run)
  local reached = progress_of(run)
  if reached then call('hset', job_key(run), 'progress', string.format('%.4f', reached)) end
end

-- Remove what is kept of a job that has ended, and give its room back; whether it had ended.
local function discard_job(run)
  local job, document = job_key(run), 'celery-task-meta-' .. run
  local user, outcome, once = unpack(call('hmget', job, 'owner', 'outcome', 'once'))
  if not outcome then return false end
  -- as it was counted when the job ended
  local size = call('strlen', document) + call('hstrlen', job, 'request')
  local each = run .. ' ' .. size
  if call('zrem', KEPT, each) == 1 then call('hincrby', STORE, 'kept', -size) end
  if call('zrem', ended_key(user), each) == 1 then call('decrby', ended_bytes_key(user), size) end
  -- its idempotency key is new again: it would lead to nothing
  if once and call('hget', P .. 'key:' .. once, 'run') == run then call('del', P .. 'key:' .. once) end
  call('unlink', job, document)
  call('zrem', P .. 'jobs-of:' .. user, run)
  return true
end

-- Count what is kept of a job that has just ended to its user's room; where that is full by then,
-- the oldest give way, and never the job itself.
local function keep_within(room, user, run, size, expires, keep)
  local ended, bytes = ended_key(user), ended_bytes_key(user)
  for _, each in ipairs(call('zrangebyscore', ended, '-inf', seconds_text(now()))) do
    call('zrem', ended, each)
    call('decrby', bytes, string.match(each, ' (%d+)$'))
  end
  call('zadd', ended, seconds_text(expires), run .. ' ' .. size)
  local taken = call('incrby', bytes, size)
  while taken > room do
    local oldest = call('zrange', ended, 0, 0)[1]
    local first, freed = string.match(oldest, '^(%S+) (%d+)$')
    if first == run then break end
    if not discard_job(first) then
      call('zrem', ended, oldest)
      call('decrby', bytes, freed)
    end
    taken = taken - tonumber(freed)
  end
  call('expire', ended, keep)
  call('expire', bytes, keep)
end

-- End a job: write its outcome and its result for the result backend, and delete everything else.
local function end_job(run, outcome, document, reason)
  local job = job_key(run)
  local version, user, need, used, keep, kind, most, room = unpack(call('hmget', job, 'version',
    'owner', 'need', 'used', 'keep_seconds', 'kind', 'most_going', 'room'))
  local moment = now()
  count('jobs ' .. kind .. ' ' .. outcome)
  call('hset', job, 'outcome', outcome, 'ended_at', seconds_text(moment))
  if reason then
    call('hset', job, 'error', reason)
  end
  keep_progress(run)
  call('set', 'celery-task-meta-' .. run, document, 'ex', keep)
  for _, field in ipairs(call('hkeys', job)) do
    if string.sub(field, 1, 6) == 'facts:' then call('hdel', job, field) end
  end
  -- only a completed job's request is needed again, to name the drivers of its lineups
  if outcome ~= 'completed' then call('hdel', job, 'request') end
  local name = call('hget', job, 'result_name')
  if name and outcome == 'completed' then call('set', P .. 'result:' .. name, run, 'ex', keep) end
  local size = #document + call('hstrlen', job, 'request')
  call('zadd', KEPT, seconds_text(moment + keep), run .. ' ' .. size)
  call('hincrby', STORE, 'kept', size)
  call('expire', job, keep)
  call('expire', P .. 'jobs-of:' .. user, keep)
  call('set', gone_key(run), user, 'ex', keep + GONE_SECONDS)
  if room then keep_within(tonumber(room), user, run, size, moment + keep, keep) end
  for _, ref in ipairs(call('hkeys', refs_key(run))) do unhold(ref) end
  for stage = 0, tonumber(call('hget', work_key(run), 'stage') or -1) do
    local group = 'celery-taskset-meta-' .. run .. '.' .. stage
    call('del', group, group .. '.j', group .. '.t', group .. '.s', group .. '.d', group .. '.c')
  end
  call('unlink', work_key(run), ready_key(run), refs_key(run))
  call('zrem', active_key(version), run)
  call('hincrby', STORE, 'promised', -math.max(tonumber(need), tonumber(used or 0)))
  delist(run, version, user)
  leave_line(run, version, user, tonumber(most or 0))
end

local function failure(run, reason)
  return cjson.encode({
    task_id = run, status = 'FAILURE', traceback = cjson.null,
    result = { exc_type = 'JobFailed', exc_message = { reason }, exc_module = 'workers.engine.jobs' },
  })
end

local function fail_job(run, reason)
  end_job(run, 'failed', failure(run, reason), cjson.encode({ reason = reason }))
end

local function give_up(run, tries, why)
  fail_job(run, 'A part of the stage ' .. call('hget', job_key(run), 'stage') .. ' failed ' .. tries
    .. ' times and was given up; ' .. why .. '.')
end

-- Begin a stage: delete the stage before it, and make its chunks ready to be handed out, unless the
-- job stands in line.
local function install(run, stage, name, units, chunks, open, cost, before, within)
  chunks = tonumber(chunks)
  -- a pace that has changed moves where the stage lies in the job, and progress never falls
  local reached = progress_of(run)
  if reached and tonumber(before) < reached then
    within = string.format('%.17g', math.max(0, before + within - reached))
    before = string.format('%.17g', reached)
  end
  call('del', work_key(run), ready_key(run))
  local top, nodes = 1, math.ceil(chunks / FAN)
  while nodes > 1 do
    nodes = math.ceil(nodes / FAN)
    top = top + 1
  end
  local moment = seconds_text(now())
  call('hset', work_key(run), 'stage', stage, 'cut', stage .. '@' .. moment, 'units', units,
    'chunks', chunks, 'next', 0, 'top', top, 'done', 0, 'open', open,
    'cost', cost, 'before', before, 'within', within, 'since', moment)
  call('hset', job_key(run), 'stage', name)
  local version, user = unpack(call('hmget', job_key(run), 'version', 'owner'))
  if call('sismember', going_key(version, user), run) == 1 then enlist(run) end
end

-- Number of values that a node of the merge tree merges.
local function children(chunks, level, index)
  local below = math.ceil(chunks / FAN ^ (level - 1))
  return math.min(FAN, below - index * FAN)
end

local function root_of(run)
  return call('hget', work_key(run), 'top') .. '.0'
end

local function hold_lease(holder, run, cut, piece, seconds)
  local lease = holder .. ' ' .. run .. ' ' .. cut .. ' ' .. piece
  call('zadd', LEASES, seconds_text(now() + seconds), lease)
  call('hset', work_key(run), 'h:' .. piece, holder)
  return lease
end

-- Whether a holder's report on a piece is wanted, and whether the holder still had its lease. It
-- had none if it is late, or if it repeats a report because the answer was lost.
local function hand_in(holder, run, cut, piece)
  local had = drop_lease(holder .. ' ' .. run .. ' ' .. cut .. ' ' .. piece, holder)
  return alive(run) and call('hget', work_key(run), 'cut') == cut, had
end

-- Whether the job holds all of these blobs. A Redis that restarted without its last second may have
-- lost one, and a value must not be kept without its arrays.
local function all_there(run, refs, first, last)
  for i = first, last do
    if call('hexists', refs_key(run), refs[i]) == 0 then return false end
  end
  return true
end

-- Number of waiting pieces of a job, the cost of one, and the time since which none was taken.
local function pieces_of(run)
  local following, chunks, cost, since =
    unpack(call('hmget', work_key(run), 'next', 'chunks', 'cost', 'since'))
  if not since then return 0, 0, now() end
  local fresh = tonumber(chunks) - tonumber(following)
  return fresh + call('llen', ready_key(run)), tonumber(cost), tonumber(since)
end

-- Number of children of a version's workers, and the other versions that have workers.
local function slots_of(version)
  local slots, others, names = 0, {}, {}
  local moment = now()
  -- a report from the future was made before the clock was put back; the next corrects it
  for _, node in ipairs(call('zrangebyscore', NODES_SEEN, seconds_text(moment - 5),
      seconds_text(moment + 5))) do
    local theirs, count = string.match(call('hget', NODES, node) or '', '^(%S+) (%d+)$')
    if theirs == version then
      slots = slots + tonumber(count)
    elseif theirs and not others[theirs] then
      others[theirs] = true
      names[#names + 1] = theirs
    end
  end
  table.sort(names)
  return slots, names
end
