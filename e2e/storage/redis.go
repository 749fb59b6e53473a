package storage

import (
	"context"
	"crypto/rand"
	"encoding/binary"
	"errors"
	"io/fs"
	"strings"
	"sync"
	"time"

	"github.com/caddyserver/certmagic"
	"github.com/redis/go-redis/v9"
)

const (
	leaseTime  = 10 * time.Second // how long a lock outlives a node that died
	leaseRenew = 3 * time.Second
	lockRetry  = 100 * time.Millisecond
)

// Redis keeps each value in one key of a Redis, with the time in front.
type Redis struct {
	client *redis.Client
	prefix string

	mu    sync.Mutex
	locks map[string]*redisLock
}

type redisLock struct {
	token string
	stop  context.CancelFunc
}

// NewRedis returns a storage in the Redis at an address, under a prefix.
func NewRedis(address, prefix string) *Redis {
	return &Redis{
		client: redis.NewClient(&redis.Options{Addr: address, DialTimeout: time.Second, ContextTimeoutEnabled: true}),
		prefix: prefix + "/", locks: make(map[string]*redisLock),
	}
}

// Close closes the connections.
func (r *Redis) Close() { _ = r.client.Close() } // it fails only when closed twice

// Store puts a value at a key.
func (r *Redis) Store(ctx context.Context, key string, value []byte) error {
	stamped := binary.BigEndian.AppendUint64(nil, uint64(time.Now().UnixNano()))
	return r.client.Set(ctx, r.prefix+key, append(stamped, value...), 0).Err()
}

// Load returns the value of a key.
func (r *Redis) Load(ctx context.Context, key string) ([]byte, error) {
	stamped, err := r.get(ctx, key)
	if err != nil {
		return nil, err
	}
	return stamped[8:], nil
}

func (r *Redis) get(ctx context.Context, key string) ([]byte, error) {
	stamped, err := r.client.Get(ctx, r.prefix+key).Bytes()
	switch {
	case errors.Is(err, redis.Nil):
		return nil, fs.ErrNotExist
	case err != nil:
		return nil, err
	case len(stamped) < 8:
		return nil, errors.New("redis: value of key " + key + " is cut short")
	}
	return stamped, nil
}

// Delete removes a key and what is under it.
func (r *Redis) Delete(ctx context.Context, key string) error {
	keys, err := r.keys(ctx, key)
	if err != nil {
		return err
	}
	all := []string{r.prefix + key}
	for _, k := range keys {
		all = append(all, r.prefix+k)
	}
	return r.client.Del(ctx, all...).Err()
}

// Exists tells whether there is a key, or one under it.
func (r *Redis) Exists(ctx context.Context, key string) bool {
	_, err := r.Stat(ctx, key)
	return err == nil
}

// List returns the keys under a directory.
func (r *Redis) List(ctx context.Context, dir string, recursive bool) ([]string, error) {
	keys, err := r.keys(ctx, dir)
	if err != nil {
		return nil, err
	}
	return children(dir, keys, recursive)
}

var globbing = strings.NewReplacer(`\`, `\\`, `*`, `\*`, `?`, `\?`, `[`, `\[`)

// keys returns all keys under a directory, each once: SCAN may name one twice.
func (r *Redis) keys(ctx context.Context, dir string) ([]string, error) {
	var keys []string
	seen := make(map[string]bool)
	found := r.client.Scan(ctx, 0, globbing.Replace(r.prefix+under(dir))+"*", 1000).Iterator()
	for found.Next(ctx) {
		if key := strings.TrimPrefix(found.Val(), r.prefix); !seen[key] {
			seen[key] = true
			keys = append(keys, key)
		}
	}
	return keys, found.Err()
}

// Stat describes a key.
func (r *Redis) Stat(ctx context.Context, key string) (certmagic.KeyInfo, error) {
	stamped, err := r.get(ctx, key)
	if errors.Is(err, fs.ErrNotExist) {
		keys, err := r.keys(ctx, key)
		if err != nil {
			return certmagic.KeyInfo{}, err
		}
		return directory(key, keys)
	}
	if err != nil {
		return certmagic.KeyInfo{}, err
	}
	modified := time.Unix(0, int64(binary.BigEndian.Uint64(stamped)))
	return certmagic.KeyInfo{Key: key, Modified: modified, Size: int64(len(stamped) - 8), IsTerminal: true}, nil
}

// Lock waits for a lock. It ends by itself if this node dies.
func (r *Redis) Lock(ctx context.Context, name string) error {
	token := rand.Text()
	retry := time.NewTicker(lockRetry)
	defer retry.Stop()
	for {
		got, err := r.client.SetNX(ctx, r.lockKey(name), token, leaseTime).Result()
		if err != nil {
			return err
		}
		if got {
			r.hold(name, token)
			return nil
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-retry.C:
		}
	}
}

// lockKey is outside of what List sees.
func (r *Redis) lockKey(name string) string { return "lock:" + r.prefix + name }

// hold renews the lease until Unlock.
func (r *Redis) hold(name, token string) {
	ctx, stop := context.WithCancel(context.Background())
	r.mu.Lock()
	r.locks[name] = &redisLock{token, stop}
	r.mu.Unlock()
	go func() {
		renew := time.NewTicker(leaseRenew)
		defer renew.Stop()
		for {
			select {
			case <-ctx.Done():
				return
			case <-renew.C:
				r.client.PExpire(ctx, r.lockKey(name), leaseTime)
			}
		}
	}()
}

// unlock deletes a lock only if it is still the one that was taken.
var unlock = redis.NewScript(`return redis.call("get", KEYS[1]) == ARGV[1] and redis.call("del", KEYS[1])`)

// Unlock gives a lock back.
func (r *Redis) Unlock(ctx context.Context, name string) error {
	r.mu.Lock()
	held := r.locks[name]
	delete(r.locks, name)
	r.mu.Unlock()
	if held == nil {
		return errors.New("redis: no lock is held for " + name)
	}
	held.stop()
	err := unlock.Run(ctx, r.client, []string{r.lockKey(name)}, held.token).Err()
	if errors.Is(err, redis.Nil) {
		return nil
	}
	return err
}

// Interface guards
var _ certmagic.Storage = (*Redis)(nil)
