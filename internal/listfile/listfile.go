// Package listfile keeps lists of values that people write in files: one value a
// line, # comments, blank lines, or the first column of a CSV that a spreadsheet
// wrote. A list follows its file: Refresh takes a new version up if it is wholly
// good, and otherwise keeps the last good one.
//
// The package starts nothing: whoever owns a list calls Refresh every second or so.
package listfile

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"github.com/caddy-proconnect/caddy-proconnect/internal/waits"
)

// List is a file of values. Any number of goroutines may call its methods.
type List struct {
	path    string
	format  Format
	current atomic.Pointer[Set]

	modified atomic.Int64 // when the version in force was written, in Unix nanoseconds; 0: unknown
	rejected atomic.Bool  // the file has a version that is not taken

	settling, unended time.Duration // as in package waits

	mu      sync.Mutex // one Refresh at a time
	now     func() time.Time
	seen    version   // what the last look found
	since   time.Time // when it was first found
	settled bool      // it was read after it had settled
	good    [sha256.Size]byte
	fault   string // the last fault that was told
}

// version is what tells one state of a file from another without reading it.
type version struct {
	info os.FileInfo
	err  string // why there is no info
}

// Open reads the list in a file. Lines with a fault are left out (see Bad); it is
// an error if there is no such file, if it cannot be read, or if it is empty.
func Open(path string, f Format) (*List, error) {
	l := &List{path: path, format: f, now: time.Now, settling: waits.Settling, unended: waits.Unended}
	l.seen, l.since = look(path), l.now()
	set, sum, err := l.read()
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, Reason(err))
	}
	l.good = sum
	l.takeInForce(set)
	return l, nil
}

// takeInForce has a set decide from here on.
func (l *List) takeInForce(set *Set) {
	l.current.Store(set)
	if l.seen.info != nil {
		l.modified.Store(l.seen.info.ModTime().UnixNano())
	}
}

// Modified is when the version in force was written.
func (l *List) Modified() time.Time {
	if at := l.modified.Load(); at != 0 {
		return time.Unix(0, at)
	}
	return time.Time{}
}

// Rejected says whether the file has a version that is not taken.
func (l *List) Rejected() bool { return l.rejected.Load() }

// Path returns the file's name.
func (l *List) Path() string { return l.path }

// Field returns the name of what its values are compared with. Two fields that read one
// table are two lists of one file.
func (l *List) Field() string { return l.format.Claim }

// Set returns the values as they are at the moment.
func (l *List) Set() *Set { return l.current.Load() }

// Bad returns the lines that are left out of the list.
func (l *List) Bad() BadLines { return l.Set().bad }

// Refresh looks whether the file has changed and takes up what it says. changed
// is true when it did. A version with any fault is not taken up: the list stays as
// it was, and the fault is returned, once for each such version.
//
// A change is taken up when two calls in a row have found the same file and nobody
// has written to it for two seconds, so that one that is being written is not read
// halfway; if its last line has no end, for ten. While another call is under way,
// which hangs if the file system does, nothing is done.
func (l *List) Refresh() (changed bool, err error) {
	if !l.mu.TryLock() {
		return false, nil
	}
	defer l.mu.Unlock()
	if v := look(l.path); !v.same(l.seen) {
		l.seen, l.since, l.settled = v, l.now(), false
		return false, nil
	}
	if l.settled || l.still() < l.settling {
		return false, nil
	}
	late := l.now().Sub(l.since) > l.settling
	changed, waits, err := l.take()
	// What was read may be another file than the one that was looked at.
	if !look(l.path).same(l.seen) {
		l.seen = version{err: "changing"}
		return changed, err
	}
	l.settled = late && !waits
	return changed, err
}

// still is how long the file has not been written to: by its own time, or since it
// was first seen so, where its time cannot be.
func (l *List) still() time.Duration {
	seen := l.now().Sub(l.since)
	if l.seen.info == nil {
		return l.settling
	}
	return max(seen, l.now().Sub(l.seen.info.ModTime()))
}

// take reads the file and, if it is wholly good and not what the list holds,
// swaps the list. waits is true when the file has to lie still for longer.
func (l *List) take() (changed, waits bool, err error) {
	if l.seen.info != nil {
		if sum, err := l.sum(); err == nil && sum == l.good {
			l.fault = ""
			l.rejected.Store(false)
			return false, false, nil
		}
	}
	set, sum, err := l.read()
	switch {
	case err == nil && !set.Complete():
		err = errors.New(set.bad.String())
	case err == nil && !set.ended && l.still() < l.unended:
		return false, true, nil
	case err == nil && set.cuts(l.Set()):
		err = errCut
	}
	if err == nil && !look(l.path).same(l.seen) {
		return false, false, nil // changed under our eyes
	}
	if err != nil {
		return false, false, l.tell(fmt.Sprintf("%x", sum), err)
	}
	l.good, l.fault = sum, ""
	l.rejected.Store(false)
	l.takeInForce(set)
	return true, false, nil
}

// tell returns a fault once for each version.
func (l *List) tell(version string, err error) error {
	l.rejected.Store(true)
	err = fmt.Errorf("%s: %w", l.path, Reason(err))
	if fault := version + err.Error(); fault != l.fault {
		l.fault = fault
		return err
	}
	return nil
}

// read reads the file as it is, and returns a digest of it.
func (l *List) read() (set *Set, sum [sha256.Size]byte, err error) {
	if l.seen.info == nil {
		return nil, sum, errors.New(l.seen.err)
	}
	f, err := os.Open(l.path)
	if err != nil {
		return nil, sum, err
	}
	defer f.Close()
	digest := sha256.New()
	in := io.TeeReader(f, digest)
	set, err = read(in, l.format)
	if err != nil {
		// The rest belongs to the version too, which is told once.
		if _, copyErr := io.Copy(io.Discard, in); copyErr != nil {
			err = copyErr
		}
	}
	return set, [sha256.Size]byte(digest.Sum(nil)), err
}

func (l *List) sum() (sum [sha256.Size]byte, err error) {
	f, err := os.Open(l.path)
	if err != nil {
		return sum, err
	}
	defer f.Close()
	digest := sha256.New()
	_, err = io.Copy(digest, f)
	return [sha256.Size]byte(digest.Sum(nil)), err
}

// look follows symbolic links, as those of a mounted Kubernetes config map.
func look(path string) version {
	info, err := os.Stat(path)
	if err != nil {
		return version{err: Reason(err).Error()}
	}
	if !info.Mode().IsRegular() {
		return version{err: "not a regular file"} // to open a pipe would wait for a writer
	}
	return version{info: info}
}

func (v version) same(w version) bool {
	if v.info == nil || w.info == nil {
		return v.info == nil && w.info == nil && v.err == w.err
	}
	return v.info.Size() == w.info.Size() && v.info.ModTime().Equal(w.info.ModTime()) && os.SameFile(v.info, w.info)
}
