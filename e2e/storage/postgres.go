package storage

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"sync"
	"time"

	"github.com/caddyserver/certmagic"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

// Schema makes the table that Postgres needs; the storage itself never does.
const Schema = `CREATE TABLE caddy_storage (
	room     text        NOT NULL,
	key      text        NOT NULL,
	value    bytea       NOT NULL,
	modified timestamptz NOT NULL DEFAULT now(),
	PRIMARY KEY (room, key)
)`

// Postgres keeps each value in a row.
type Postgres struct {
	pool *pgxpool.Pool
	room string

	mu    sync.Mutex
	locks map[string]*pgxpool.Conn
}

// NewPostgres returns a storage in a database, in a room of its table.
func NewPostgres(dsn, room string) (*Postgres, error) {
	config, err := pgxpool.ParseConfig(dsn)
	if err != nil {
		return nil, err
	}
	config.ConnConfig.ConnectTimeout = time.Second
	pool, err := pgxpool.NewWithConfig(context.Background(), config) // it dials when asked
	if err != nil {
		return nil, err
	}
	return &Postgres{pool: pool, room: room, locks: make(map[string]*pgxpool.Conn)}, nil
}

// Close closes the connections.
func (p *Postgres) Close() { p.pool.Close() }

// Store puts a value at a key.
func (p *Postgres) Store(ctx context.Context, key string, value []byte) error {
	_, err := p.pool.Exec(ctx, `INSERT INTO caddy_storage (room, key, value) VALUES ($1, $2, $3)
		ON CONFLICT (room, key) DO UPDATE SET value = $3, modified = now()`, p.room, key, value)
	return err
}

// Load returns the value of a key.
func (p *Postgres) Load(ctx context.Context, key string) ([]byte, error) {
	var value []byte
	err := p.pool.QueryRow(ctx, `SELECT value FROM caddy_storage WHERE room = $1 AND key = $2`, p.room, key).Scan(&value)
	if errors.Is(err, pgx.ErrNoRows) {
		return nil, fs.ErrNotExist
	}
	return value, err
}

// Delete removes a key and what is under it.
func (p *Postgres) Delete(ctx context.Context, key string) error {
	_, err := p.pool.Exec(ctx, `DELETE FROM caddy_storage WHERE room = $1 AND (key = $2 OR starts_with(key, $3))`, p.room, key, under(key))
	return err
}

// Exists tells whether there is a key, or one under it.
func (p *Postgres) Exists(ctx context.Context, key string) bool {
	_, err := p.Stat(ctx, key)
	return err == nil
}

// List returns the keys under a directory.
func (p *Postgres) List(ctx context.Context, dir string, recursive bool) ([]string, error) {
	keys, err := p.keys(ctx, dir)
	if err != nil {
		return nil, err
	}
	return children(dir, keys, recursive)
}

func (p *Postgres) keys(ctx context.Context, dir string) ([]string, error) {
	rows, err := p.pool.Query(ctx, `SELECT key FROM caddy_storage WHERE room = $1 AND starts_with(key, $2) ORDER BY key`, p.room, under(dir))
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, pgx.RowTo[string])
}

// Stat describes a key.
func (p *Postgres) Stat(ctx context.Context, key string) (certmagic.KeyInfo, error) {
	info := certmagic.KeyInfo{Key: key, IsTerminal: true}
	err := p.pool.QueryRow(ctx, `SELECT modified, length(value) FROM caddy_storage WHERE room = $1 AND key = $2`, p.room, key).
		Scan(&info.Modified, &info.Size)
	if errors.Is(err, pgx.ErrNoRows) {
		keys, err := p.keys(ctx, key)
		if err != nil {
			return certmagic.KeyInfo{}, err
		}
		return directory(key, keys)
	}
	return info, err
}

// Lock waits for a lock. The server gives it to a connection, and takes it back with
// the connection if this node dies.
func (p *Postgres) Lock(ctx context.Context, name string) error {
	conn, err := p.pool.Acquire(ctx)
	if err != nil {
		return err
	}
	if _, err := conn.Exec(ctx, `SELECT pg_advisory_lock(hashtextextended($1, 0))`, p.room+"/"+name); err != nil {
		conn.Release()
		return err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.locks[name] = conn
	return nil
}

// Unlock gives a lock back.
func (p *Postgres) Unlock(ctx context.Context, name string) error {
	p.mu.Lock()
	conn := p.locks[name]
	delete(p.locks, name)
	p.mu.Unlock()
	if conn == nil {
		return fmt.Errorf("postgres: no lock is held for %s", name)
	}
	defer conn.Release()
	_, err := conn.Exec(ctx, `SELECT pg_advisory_unlock(hashtextextended($1, 0))`, p.room+"/"+name)
	return err
}

// Interface guards
var _ certmagic.Storage = (*Postgres)(nil)
