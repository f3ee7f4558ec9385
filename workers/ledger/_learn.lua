-- Seconds that work took beside the seconds it was thought to take, older work fading.
local function learn(version, field, seconds, nominal)
  if field == '' or nominal <= 0 then return end
  local pace = P .. 'pace:' .. version
  local took, thought = unpack(call('hmget', pace, field .. ':took', field .. ':thought'))
  local fade = math.exp(-seconds / 60)
  call('hset', pace, field .. ':took', tonumber(took or 0) * fade + seconds,
    field .. ':thought', tonumber(thought or 0) * fade + nominal)
end
