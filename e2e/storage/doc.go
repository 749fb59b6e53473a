// Package storage keeps Caddy's storage in Redis or PostgreSQL, for the tests of
// several nodes: storage/caddy is a Caddy with both. It is as strict as the modules
// that the public uses, and no more able: a value is stored whole or not at all, what
// is not there is fs.ErrNotExist, a lock is given by the server and outlives no node,
// a configuration that is unloaded closes its connections, and nothing is asked of the
// server before it is needed.
package storage

import (
	"io/fs"
	"strings"

	"github.com/caddyserver/certmagic"
)

// children turns all keys under a directory into what List returns: the keys, or,
// where it is not to go deeper, the first component of each.
func children(dir string, keys []string, recursive bool) ([]string, error) {
	if len(keys) == 0 {
		return nil, fs.ErrNotExist
	}
	if recursive {
		return keys, nil
	}
	var list []string
	seen := make(map[string]bool)
	for _, key := range keys {
		first, _, _ := strings.Cut(strings.TrimPrefix(key, under(dir)), "/")
		if child := under(dir) + first; !seen[child] {
			seen[child] = true
			list = append(list, child)
		}
	}
	return list, nil
}

// under is the prefix of all keys in a directory.
func under(dir string) string {
	if dir == "" {
		return ""
	}
	return strings.TrimSuffix(dir, "/") + "/"
}

// directory describes a key that only other keys begin with.
func directory(key string, keys []string) (certmagic.KeyInfo, error) {
	if len(keys) == 0 {
		return certmagic.KeyInfo{}, fs.ErrNotExist
	}
	return certmagic.KeyInfo{Key: key}, nil
}
