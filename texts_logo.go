package proconnect

import (
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/caddy-proconnect/caddy-proconnect/internal/listfile"
	"github.com/caddy-proconnect/caddy-proconnect/internal/pages"
)

// readLogo reads the logo that a gate or a client names, and has the files of every gate's
// pages hold it: of several gates of a site the first one answers for all.
func (a *App) readLogo(path string) (*pages.File, error) {
	if path == "" {
		return nil, nil
	}
	data, err := readSmall(path, pages.MaxLogo)
	if err != nil {
		return nil, fmt.Errorf("logo %s: %w", path, err)
	}
	logo, err := pages.NewLogo(data)
	if err != nil {
		return nil, fmt.Errorf("logo %s: %w", path, err)
	}
	if a.logos == nil {
		a.logos = make(map[string]*pages.File)
	}
	a.logos[logo.Name] = logo
	return logo, nil
}

// readSmall reads a file, and one byte more than it may have at most.
func readSmall(path string, most int) ([]byte, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, listfile.Reason(err)
	}
	if !info.Mode().IsRegular() { // a pipe would have the configuration wait for ever
		return nil, errors.New("it is no file")
	}
	file, err := os.Open(path)
	if err != nil {
		return nil, listfile.Reason(err)
	}
	defer file.Close()
	data, err := io.ReadAll(io.LimitReader(file, int64(most)+1))
	if err != nil {
		return nil, listfile.Reason(err)
	}
	return data, nil
}
