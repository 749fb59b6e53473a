package listfile

import (
	"os"
	"path/filepath"
	"testing"
	"time"
)

// written has the file look as if it had been written to at a time of the list's clock.
func (w *watched) written(content string, at time.Time) {
	w.t.Helper()
	write(w.t, w.path, content)
	if err := os.Chtimes(w.path, at, at); err != nil {
		w.t.Fatal(err)
	}
}

// A last line without an end counts, as editors and spreadsheets leave it so, once the
// file has lain still: a writer may pause.
func TestRefreshWaitsForTheLastLine(t *testing.T) {
	w := watch(t, dinum+"\n")
	w.poll(5)
	w.written(clamart+"\n110020013", w.clock)
	if changes, faults := w.poll(9); changes != 0 || faults != nil {
		t.Fatalf("a moment later: %d changes, %v", changes, faults)
	}
	w.want(dinum)
	if changes, faults := w.poll(3); changes != 1 || faults != nil {
		t.Fatalf("when it has lain still: %d changes, %v", changes, faults)
	}
	w.want(clamart, "11002001300097")
}

// Half of DINUM's SIRET is its SIREN, which stands for more; half a text is another one.
// A last line that begins one of the list in force, and has no end, is not taken for
// whole, however long the file lies still.
func TestRefreshKnowsALineThatWasCut(t *testing.T) {
	for _, c := range []struct {
		name           string
		format         Format
		before, after  string
		changes, fault int
	}{
		{"a SIRET that is cut to its SIREN", SIRET, dinum + "\n", clamart + "\n130025265", 0, 1},
		{"a SIREN that ends with its line", SIRET, dinum + "\n", clamart + "\n130025265\n", 1, 0},
		{"a SIREN that stood there", SIRET, dinum + "\n130025265\n", "130025265", 1, 0},
		{"another SIREN", SIRET, dinum + "\n", "219200235", 1, 0},
		{"an address that is cut", addresses, "a@x.fr\nb@x.fr.example\n", "a@x.fr\nb@x.fr", 0, 1},
		{"an address that begins another, and ends with its line", addresses, "b@x.fr.example\n", "b@x.fr\n", 1, 0},
		{"an address that stood there", addresses, "b@x.fr\nb@x.fr.example\n", "b@x.fr", 1, 0},
		{"an address without an end", addresses, "a@x.fr\nb@x.fr\n", "a@x.fr", 1, 0},
		{"a pattern that is cut", addresses, "*@x.fr.example\n", "*@x.fr", 0, 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "list.txt")
			write(t, path, c.before)
			l, err := Open(path, c.format)
			if err != nil {
				t.Fatal(err)
			}
			w := &watched{l, t, l.since}
			l.now = func() time.Time { return w.clock }
			w.poll(5)
			w.written(c.after, w.clock)
			if changes, faults := w.poll(60); changes != c.changes || len(faults) != c.fault {
				t.Errorf("%d changes, told %q", changes, faults)
			}
		})
	}
}

// A file that is written to now and then is taken up when nobody has for two seconds.
func TestRefreshWaitsForTheTimeOfTheFile(t *testing.T) {
	w := watch(t, dinum+"\n")
	w.poll(5)
	w.written(clamart+"\n", w.clock.Add(500*time.Millisecond))
	if changes, _ := w.poll(2); changes != 0 {
		t.Error("taken up a moment after it was written")
	}
	if changes, _ := w.poll(1); changes != 1 {
		t.Error("not taken up")
	}
}

// A clock that is behind the file system's delays a list, and does not keep it away.
func TestRefreshOfAFileFromTheFuture(t *testing.T) {
	w := watch(t, dinum+"\n")
	w.poll(5)
	w.written(clamart+"\n", w.clock.Add(time.Hour))
	if changes, _ := w.poll(4); changes != 1 {
		t.Error("not taken up")
	}
}

// The file is replaced after it was looked at and before it is read: what was read has
// not lain still, and may be half of what is being written.
func TestRefreshOfAFileThatChangesUnderItsEyes(t *testing.T) {
	w := watch(t, dinum+"\n")
	write(t, w.Path(), dinum+"\n"+clamart+"\n")
	w.poll(1) // seen
	w.clock = w.clock.Add(time.Minute)
	looks := 0
	w.now = func() time.Time {
		if looks++; looks == 1 { // it was looked at
			write(t, w.Path(), clamart+"\n")
		}
		return w.clock
	}
	if changed, err := w.Refresh(); changed || err != nil {
		t.Errorf("changed: %t, %v", changed, err)
	}
	w.want(dinum)
}
