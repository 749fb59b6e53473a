package proconnect

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/caddyserver/certmagic"
	"github.com/spf13/cobra"

	"github.com/caddy-proconnect/caddy-proconnect/internal/revocation"
	"github.com/caddy-proconnect/caddy-proconnect/internal/session"
)

// storageFlag is that of the commands that can do without a Caddy that answers.
func storageFlag(c *cobra.Command) {
	c.Flags().Bool("storage", false, "Write into the storage that the configuration names;\nno admin endpoint is asked")
}

// throughStorage ends sessions by what it writes into the storage, where every Caddy that
// shares it looks. It is the same function that the admin endpoint calls, of an app that
// never runs: what is refused there is refused here.
func throughStorage(c *cobra.Command, req adminRequest, act func(*App, adminRequest, string) (ended, error)) (done ended, err error) {
	if address, _ := c.Flags().GetString("address"); address != "" {
		return done, errors.New("--address and --storage: say one, the admin endpoint or the storage")
	}
	config, err := readConfiguration(c)
	if err != nil {
		return done, err
	}
	d, err := usable(provisionWith(config.json, ""))
	if err != nil {
		return done, err
	}
	clients, err := d.app.meant(req.Client)
	if err != nil {
		return done, err
	}
	place := storagePlace(d.app.storage, config)
	for _, client := range clients {
		if err := client.checkStorage(place); err != nil {
			return done, fmt.Errorf("client %s: %w", client.name, err)
		}
	}
	for _, client := range clients {
		if !client.readStorage(c.Context()) {
			return done, fmt.Errorf("client %s: nothing was ended: %s could not be read whole: try again", client.name, place)
		}
	}
	done, err = act(d.app, req, "")
	if err != nil {
		return done, notDone(done, err)
	}
	if !wantsJSON(c) {
		printWrapped(c.OutOrStdout(), "written into "+place+": each Caddy that uses it knows within seconds", "  ")
	}
	return done, nil
}

// readStorage reads what was ended before, behind which a record goes: see
// revocation.List.EndPeople. A node that writes meanwhile makes a listing that is not whole.
func (c *Client) readStorage(ctx context.Context) bool {
	for try := 0; !c.keeper.Health().Read; try++ {
		if try == storageTries || try > 0 && !wait(ctx, storagePause) {
			return false
		}
		c.keeper.Poll(ctx)
	}
	return true
}

const (
	storageTries = 5
	storagePause = 300 * time.Millisecond
)

// notDone says what an error of the storage means where no node holds what was to be
// written.
func notDone(done ended, err error) error {
	switch {
	case !errors.Is(err, revocation.ErrNotStored):
		return err
	case len(done.Clients) > 0:
		return fmt.Errorf("done for client %s only: %w", strings.Join(done.Clients, ", "), err)
	}
	return fmt.Errorf("not done: %w", err)
}

// storagePlace says where a storage is, as far as it can be said without its secrets.
func storagePlace(storage certmagic.Storage, config *configuration) string {
	if files, ok := storage.(*certmagic.FileStorage); ok {
		return "the storage " + files.Path
	}
	var named struct {
		Storage struct {
			Module string `json:"module"`
		} `json:"storage"`
	}
	_ = json.Unmarshal(config.json, &named) // it was provisioned
	return "the storage " + named.Storage.Module
}

// checkStorage makes sure that this is the storage of the Caddy that runs, and that what
// is written into it can be read there. Root has become somebody else before it reads
// what somebody else may have made: a link to anywhere, a pipe that never ends.
func (c *Client) checkStorage(place string) error {
	dir, onDisk := c.storageFolder()
	if onDisk {
		if err := becomeOwner(dir); err != nil {
			return notEnded(place, err)
		}
	}
	if err := c.keeper.CheckStorage(context.Background()); err != nil {
		return notEnded(place, err)
	}
	if onDisk {
		return checkOwner(dir)
	}
	return nil
}

// storageFolder is where the client keeps things, if that is on this machine's disk.
func (c *Client) storageFolder() (dir string, onDisk bool) {
	files, onDisk := c.app.storage.(*certmagic.FileStorage)
	if !onDisk {
		return "", false
	}
	return existing(files.Filename(c.storagePath()), files.Path), true
}

// notEnded says why a storage is none to write into, and what to do.
func notEnded(place string, err error) error {
	switch {
	case errors.Is(err, session.ErrStrange), errors.Is(err, fs.ErrNotExist):
		return fmt.Errorf("nothing was ended: %s holds nothing of this client, so it is not the one of the Caddy that runs: name it in the configuration (storage …), or set HOME and XDG_DATA_HOME as they are for that Caddy", place)
	case errors.Is(err, fs.ErrPermission):
		return fmt.Errorf("nothing was ended: %s may not be read: run this as root, or as the user that runs Caddy: %w", place, err)
	}
	return fmt.Errorf("nothing was ended: %s: %w", place, err)
}

// existing is a folder, or the nearest one above it that is there.
func existing(dir, root string) string {
	for dir != root && dir != filepath.Dir(dir) {
		if _, err := os.Stat(dir); err == nil {
			break
		}
		dir = filepath.Dir(dir)
	}
	return dir
}
