"""What Redis does in one step for the cache: Lua, so that nothing comes between. https://redis.io/docs/latest/eval

Keys below one prefix: `v:` values, `t:` the keys of a tag, `f:` when a key or tag was last forgotten, `l:` locks.
"""

KEEP = """
for i = 1, tonumber(ARGV[4]) do
    if (redis.call('GET', KEYS[i + 1]) or '') ~= ARGV[4 + i] then return 0 end
end
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
for i = 5 + tonumber(ARGV[4]), #ARGV do
    local tag = ARGV[3] .. 't:' .. ARGV[i]
    redis.call('SADD', tag, KEYS[1])
    if redis.call('PTTL', tag) < tonumber(ARGV[2]) then redis.call('PEXPIRE', tag, ARGV[2]) end
end
return 1
"""
"""Set a value and its tags, unless a mark changed. A tag's list lives as long as the longest of its values."""

FORGET = """
redis.call('SET', KEYS[2], ARGV[1], 'PX', ARGV[2])
local keys = redis.call('SMEMBERS', KEYS[1])
for i = 1, #keys, 1000 do redis.call('UNLINK', unpack(keys, i, math.min(i + 999, #keys))) end
redis.call('UNLINK', KEYS[1])
return keys
"""
"""Drop all values of a tag, and mark it, so that a value that is being made now is not kept; the values' keys."""

UNLOCK = "if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('DEL', KEYS[1]) end return 0"
"""Give a lock back, if it is still one's own."""

RENEW = "if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('PEXPIRE', KEYS[1], ARGV[2]) end return 0"
"""Hold a lock longer, if it is still one's own."""
