-- Keep a piece's value, once, and hand out the merge that it completes.
-- ARGV: holder, run, stage, piece, value, seconds, pace field, nominal seconds, grace seconds,
--       then blobs that the value took the place of
local holder, run, stage, piece = ARGV[1], ARGV[2], ARGV[3], ARGV[4]
drop_lease(holder .. ' ' .. run .. ' ' .. stage .. ' ' .. piece, holder)
if not alive(run) or call('hget', work_key(run), 'stage') ~= stage then return 'ended' end
local work = work_key(run)
if call('hsetnx', work, 'v:' .. piece, ARGV[5]) == 0 then return 'twice' end
call('hdel', work, 't:' .. piece, 'h:' .. piece, 'w:' .. piece)

local seconds = tonumber(ARGV[6])
settle(run, seconds)
learn(call('hget', job_key(run), 'version'), ARGV[7], seconds, tonumber(ARGV[8]))

local level, place = level_of(piece)
local chunks = tonumber(call('hget', work, 'chunks'))
if level == 0 then
  call('hincrby', work, 'done', 1)
else
  -- empty, not absent: a late copy of a chunk must find that its value was kept
  for i = 0, children(chunks, level, place) - 1 do
    call('hset', work, 'v:' .. (level - 1) .. '.' .. (place * FAN + i), '')
  end
  for i = 10, #ARGV do let_go(run, ARGV[i]) end
end

local above = (level + 1) .. '.' .. math.floor(place / FAN)
call('hsetnx', work, 'l:' .. above, children(chunks, level + 1, math.floor(place / FAN)))
if call('hincrby', work, 'l:' .. above, -1) == 0 then
  if above == root_of(run) and call('hget', work, 'open') == '0' then
    -- the chord's body opens the join; if it does not come, the end of this lease does
    hold_lease('-', run, stage, above, tonumber(ARGV[9]))
  else
    call('lpush', ready_key(run), above)
    enlist(run)
  end
end
return 'kept'
