-- The pace of a stage: seconds that its work took and seconds that were estimated, both summed with
-- older work counting less.
local function learn(version, field, seconds, nominal)
  if field == '' or nominal <= 0 then return end
  local pace = P .. 'pace:' .. version
  local took, thought = unpack(call('hmget', pace, field .. ':took', field .. ':thought'))
  local fade = math.exp(-seconds / 60)
  call('hset', pace, field .. ':took', tonumber(took or 0) * fade + seconds,
    field .. ':thought', tonumber(thought or 0) * fade + nominal)
end

-- Keep a piece's value once, and make the merge that it completes ready to be handed out.
-- ARGV: holder, run, cut, piece, value, seconds, pace field, nominal seconds, grace seconds, hits
-- and misses of the scenario cache, number of blobs the value has, those, then blobs that it
-- replaces
local holder, run, cut, piece = ARGV[1], ARGV[2], ARGV[3], ARGV[4]
local last = 12 + tonumber(ARGV[12])
local wanted, had = hand_in(holder, run, cut, piece)
if not wanted then return 'ended' end
if not all_there(run, ARGV, 13, last) then
  put_back(holder .. ' ' .. run .. ' ' .. cut .. ' ' .. piece)
  return 'lost'
end
local work = work_key(run)
local level, index = level_of(piece)
if call('hsetnx', work, 'v:' .. piece, ARGV[5]) == 0 then
  -- the value that was kept holds the same arrays, so these holds are dropped
  if level == 0 and had then
    for i = 13, last do let_go(run, ARGV[i]) end
  end
  return 'twice'
end
call('hdel', work, 't:' .. piece, 'h:' .. piece, 'w:' .. piece, 'a:' .. piece, 'p:' .. piece)

local seconds = tonumber(ARGV[6])
settle(run, seconds)
count_piece(run, seconds)
learn(call('hget', job_key(run), 'version'), ARGV[7], seconds, tonumber(ARGV[8]))
if tonumber(ARGV[10]) + tonumber(ARGV[11]) > 0 then
  call('hincrby', job_key(run), 'cache_hits', ARGV[10])
  call('hincrby', job_key(run), 'cache_misses', ARGV[11])
end

local chunks = tonumber(call('hget', work, 'chunks'))
if level == 0 then
  call('hincrby', work, 'done', 1)
else
  -- the values become empty and are not deleted: a late copy of a chunk must see that it was kept
  for i = 0, children(chunks, level, index) - 1 do
    call('hset', work, 'v:' .. (level - 1) .. '.' .. (index * FAN + i), '')
  end
  for i = last + 1, #ARGV do let_go(run, ARGV[i]) end
end

local above = (level + 1) .. '.' .. math.floor(index / FAN)
call('hsetnx', work, 'l:' .. above, children(chunks, level + 1, math.floor(index / FAN)))
if call('hincrby', work, 'l:' .. above, -1) == 0 then
  if above == root_of(run) and call('hget', work, 'open') == '0' then
    -- the chord's body opens the join; if it never comes, the join opens when this lease ends
    hold_lease('-', run, cut, above, tonumber(ARGV[9]))
  else
    call('lpush', ready_key(run), above)
    enlist(run)
  end
end
return 'kept'
