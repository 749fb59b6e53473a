package listfile

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"
)

const (
	dinum   = "13002526500013"
	clamart = "21920023500014"
)

// watched is a list on a file of its own, under a clock of its own.
type watched struct {
	*List
	t     *testing.T
	clock time.Time
}

func watch(t *testing.T, content string) *watched {
	t.Helper()
	path := filepath.Join(t.TempDir(), "list.txt")
	write(t, path, content)
	l, err := Open(path, SIRET)
	if err != nil {
		t.Fatal(err)
	}
	w := &watched{l, t, l.since}
	l.now = func() time.Time { return w.clock }
	return w
}

func write(t testing.TB, path, content string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
}

// poll refreshes as the poller does, once a second, and returns what it was told.
func (w *watched) poll(times int) (changes int, faults []string) {
	for range times {
		w.clock = w.clock.Add(time.Second)
		changed, err := w.Refresh()
		if changed {
			changes++
		}
		if err != nil {
			faults = append(faults, strings.ReplaceAll(err.Error(), w.Path(), "list.txt"))
		}
	}
	return changes, faults
}

func (w *watched) want(values ...string) {
	w.t.Helper()
	for _, v := range values {
		if !w.Set().HasSIRET(v) {
			w.t.Errorf("%s is missing", v)
		}
	}
	if n := w.Set().Len(); n != len(values) {
		w.t.Errorf("%d values, want %d", n, len(values))
	}
}

func TestRefreshTakesUpAChange(t *testing.T) {
	w := watch(t, dinum+"\n")
	if changes, faults := w.poll(5); changes != 0 || faults != nil {
		t.Fatalf("an unchanged file: %d changes, %v", changes, faults)
	}
	write(t, w.path, dinum+"\n"+clamart+"\n")
	if changes, faults := w.poll(2); changes != 1 || faults != nil {
		t.Fatalf("%d changes, %v", changes, faults)
	}
	w.want(dinum, clamart)
	if changes, _ := w.poll(5); changes != 0 {
		t.Errorf("taken up %d times more", changes)
	}
}

// A file that grows while it is read is taken up when it has stopped growing:
// half a list of blocked organisations would let the other half in.
func TestRefreshWaitsForTheWriter(t *testing.T) {
	w := watch(t, dinum+"\n"+clamart+"\n")
	w.poll(5)
	write(t, w.path, dinum+"\n")
	if changes, faults := w.poll(1); changes != 0 || faults != nil {
		t.Fatalf("%d changes, %v", changes, faults)
	}
	write(t, w.path, dinum+"\n"+clamart+"\n110020013\n")
	if changes, _ := w.poll(1); changes != 0 {
		t.Fatal("taken up while it changes")
	}
	w.want(dinum, clamart)
	w.poll(1)
	w.want(dinum, clamart, "11002001300097")
}

// Two writes of the same length within one step of the file system's clock look
// the same to stat.
func TestRefreshReadsAgainWhatLooksTheSame(t *testing.T) {
	w := watch(t, dinum+"\n")
	w.poll(5)
	stamp := time.Date(2026, 11, 1, 12, 0, 0, 0, time.UTC)
	write(t, w.path, clamart+"\n")
	if err := os.Chtimes(w.path, stamp, stamp); err != nil {
		t.Fatal(err)
	}
	w.poll(2)
	w.want(clamart)
	write(t, w.path, dinum+"\n")
	if err := os.Chtimes(w.path, stamp, stamp); err != nil {
		t.Fatal(err)
	}
	if changes, _ := w.poll(2); changes != 1 {
		t.Errorf("%d changes", changes)
	}
	w.want(dinum)
}

func TestRefreshKeepsTheLastGoodList(t *testing.T) {
	for _, c := range []struct {
		name   string
		spoil  func(t *testing.T, path string)
		faults string
	}{
		{
			"a bad line", func(t *testing.T, path string) { write(t, path, clamart+"\n123\n") },
			"list.txt: line 2: 3 digits, want 14 (SIRET) or 9 (SIREN)",
		},
		{
			"zero bytes", func(t *testing.T, path string) { write(t, path, "") },
			"list.txt: empty: a file that was cut short looks like this; write a # comment to mean nobody",
		},
		{
			"not UTF-8", func(t *testing.T, path string) { write(t, path, clamart+";\xe9\n") },
			"list.txt: line 1: not UTF-8 (saved as Windows-1252 or UTF-16?): save it as CSV UTF-8",
		},
		{"removed", func(t *testing.T, path string) {
			if err := os.Remove(path); err != nil {
				t.Fatal(err)
			}
		}, "list.txt: no such file or directory"},
		{"a directory", func(t *testing.T, path string) {
			if err := os.Remove(path); err != nil {
				t.Fatal(err)
			}
			if err := os.Mkdir(path, 0o700); err != nil {
				t.Fatal(err)
			}
		}, "list.txt: not a regular file"},
		{
			"half a line", func(t *testing.T, path string) { write(t, path, dinum+"\n2192002") },
			"list.txt: line 2: 7 digits, want 14 (SIRET) or 9 (SIREN)",
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := watch(t, dinum+"\n")
			w.poll(5)
			c.spoil(t, w.path)
			changes, faults := w.poll(10)
			if got := strings.Join(faults, "|"); changes != 0 || got != c.faults {
				t.Errorf("%d changes, told %q, want %q once", changes, got, c.faults)
			}
			w.want(dinum)
			if err := os.RemoveAll(w.path); err != nil {
				t.Fatal(err)
			}
			write(t, w.path, clamart+"\n")
			if changes, faults := w.poll(5); changes != 1 || faults != nil {
				t.Errorf("mended: %d changes, %v", changes, faults)
			}
			w.want(clamart)
		})
	}
}

// The second of two bad versions is told too, and so is the same fault when it
// comes back after a good version.
func TestRefreshTellsEachBadVersion(t *testing.T) {
	w := watch(t, dinum+"\n")
	w.poll(5)
	for _, content := range []string{"123\n", "1234\n", "123\n"} {
		write(t, w.path, content)
		if _, faults := w.poll(5); len(faults) != 1 {
			t.Errorf("%q: told %q", content, faults)
		}
	}
	write(t, w.path, dinum+"\n")
	if changes, faults := w.poll(5); changes != 0 || faults != nil {
		t.Errorf("back to the list in use: %d changes, %v", changes, faults)
	}
	write(t, w.path, "123\n")
	if _, faults := w.poll(5); len(faults) != 1 {
		t.Errorf("told %q", faults)
	}
}

// Kubernetes swaps the symbolic link to a mounted config map.
func TestRefreshFollowsSymbolicLinks(t *testing.T) {
	dir := t.TempDir()
	first, second, link := filepath.Join(dir, "1"), filepath.Join(dir, "2"), filepath.Join(dir, "link")
	write(t, first, dinum+"\n")
	write(t, second, clamart+"\n")
	if err := os.Symlink(first, link); err != nil {
		t.Skip(err)
	}
	l, err := Open(link, SIRET)
	if err != nil {
		t.Fatal(err)
	}
	w := &watched{l, t, l.since}
	l.now = func() time.Time { return w.clock }
	w.poll(5)
	if err := os.Symlink(second, link+"2"); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(link+"2", link); err != nil {
		t.Fatal(err)
	}
	w.poll(2)
	w.want(clamart)
}

// Bad lines are skipped when the configuration loads, and forgotten once the
// file is mended.
func TestOpenSkipsBadLines(t *testing.T) {
	w := watch(t, dinum+"\n123\n")
	w.want(dinum)
	if bad := w.Bad(); bad.Total != 1 || w.Set().Complete() {
		t.Errorf("faults: %s", bad)
	}
	if changes, faults := w.poll(5); changes != 0 || faults != nil {
		t.Errorf("%d changes, %v", changes, faults)
	}
	write(t, w.path, dinum+"\n"+clamart+"\n")
	w.poll(2)
	if w.want(dinum, clamart); !w.Set().Complete() {
		t.Errorf("faults: %s", w.Bad())
	}
}

func TestOpenRefuses(t *testing.T) {
	dir := t.TempDir()
	empty := filepath.Join(dir, "empty")
	write(t, empty, "")
	for path, want := range map[string]string{
		filepath.Join(dir, "missing"): "no such file or directory",
		dir:                           "not a regular file",
		empty:                         errEmpty.Error(),
		os.DevNull:                    "not a regular file",
	} {
		if _, err := Open(path, SIRET); err == nil || err.Error() != path+": "+want {
			t.Errorf("%v, want %s", err, want)
		}
	}
}

// manyNumbers writes a list of n SIRETs as people keep them.
func manyNumbers(b *testing.B, n int) string {
	b.Helper()
	rng := rand.New(rand.NewPCG(1, 2))
	var s strings.Builder
	for range n {
		body := fmt.Sprintf("%013d", rng.Int64N(1e13))
		for d := range 10 {
			if v := fmt.Sprintf("%s%d", body, d); validLuhn(v) {
				s.WriteString(v + "\n")
			}
		}
	}
	path := filepath.Join(b.TempDir(), "list.txt")
	write(b, path, s.String())
	return path
}

func validLuhn(s string) bool { _, err := parseSIRET(s); return err == nil }

func BenchmarkOpen500000(b *testing.B) {
	path := manyNumbers(b, 500_000)
	b.ReportAllocs()
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	var l *List
	for b.Loop() {
		var err error
		if l, err = Open(path, SIRET); err != nil {
			b.Fatal(err)
		}
	}
	runtime.GC()
	runtime.ReadMemStats(&after)
	b.ReportMetric(float64(after.HeapAlloc-before.HeapAlloc)/(1<<20), "MB-kept")
	runtime.KeepAlive(l)
}

func BenchmarkRefreshUnchanged500000(b *testing.B) {
	l, err := Open(manyNumbers(b, 500_000), SIRET)
	if err != nil {
		b.Fatal(err)
	}
	l.settled = true
	b.ReportAllocs()
	for b.Loop() {
		if _, err := l.Refresh(); err != nil {
			b.Fatal(err)
		}
	}
}
