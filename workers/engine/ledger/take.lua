-- Hand out the piece that is fairest to run next: of the user with the least service, of that
-- user's job with the least, a piece given back first, then the next chunk.
-- ARGV: holder, version, lease seconds, most tries, then run and stage: nothing is returned unless
-- that stage has waiting pieces ('' and -1: any job's pieces will do)
local holder, version, lease_seconds = ARGV[1], ARGV[2], tonumber(ARGV[3])

-- its worker is about to kill it
if call('exists', condemned_key(process_of(holder))) == 1 then return false end

-- give back a piece that this holder still has: its job had ended, or an answer was lost
local stale = call('hget', HELD, holder)
if stale then
  drop_lease(stale, holder)
  put_back(stale)
end

-- the reaper would free these within a second, but a free child need not wait for it
end_leases(20)

if ARGV[5] ~= '' then
  if not alive(ARGV[5]) or call('hget', work_key(ARGV[5]), 'stage') ~= ARGV[6]
    or not waiting(ARGV[5]) then return false end
end

while true do
  local first = call('zrange', users_key(version), 0, 0, 'withscores')
  if #first == 0 then return false end
  local user = first[1]
  local run, level = unpack(call('zrange', lane_key(version, user), 0, 0, 'withscores'))
  if not run then
    call('zrem', users_key(version), user)
  elseif not alive(run) or not waiting(run) then
    delist(run, version, user)
  else
    local work = work_key(run)
    local piece = call('lpop', ready_key(run))
    if not piece then
      piece = '0.' .. (call('hincrby', work, 'next', 1) - 1)
    end
    local stage, cut, units, chunks, cost =
      unpack(call('hmget', work, 'stage', 'cut', 'units', 'chunks', 'cost'))
    local tries = call('hincrby', work, 't:' .. piece, 1)
    if call('hexists', work, 'v:' .. piece) == 1 then
      -- the piece was given back and its value then kept after all
      if not waiting(run) then delist(run, version, user) end
    elseif tries > tonumber(ARGV[4]) then
      local why = call('hget', work, 'w:' .. piece)
        or 'each time its worker died: killed, out of memory, or over the time limit'
      give_up(run, ARGV[4], why)
    else
      call('set', clock_key(version), first[2])
      call('hset', lanes_key(version), user, level)
      charge(run, version, user, tonumber(cost))
      local moment = seconds_text(now())
      call('hsetnx', job_key(run), 'started_at', moment)
      call('hset', work, 'since', moment, 'a:' .. piece, moment)
      call('hset', HELD, holder, hold_lease(holder, run, cut, piece, lease_seconds))
      if not waiting(run) then delist(run, version, user) end
      local height, index = level_of(piece)
      local inputs = {}
      if height > 0 then
        local names = {}
        for i = 0, children(tonumber(chunks), height, index) - 1 do
          names[i + 1] = 'v:' .. (height - 1) .. '.' .. (index * FAN + i)
        end
        inputs = call('hmget', work, unpack(names))
      end
      local root = piece == root_of(run) and 1 or 0
      return { run, stage, cut, height, index, root, units, chunks, tries, inputs }
    end
  end
end
