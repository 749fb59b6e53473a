package listfile

import (
	"os"
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

// A last line without an end counts, as editors and spreadsheets leave it so. But half
// of DINUM's SIRET is its SIREN, which stands for more: while a writer may pause, the
// list stays as it was.
func TestRefreshWaitsForTheLastLine(t *testing.T) {
	w := watch(t, dinum+"\n")
	w.poll(5)
	w.written(clamart+"\n130025265", w.clock)
	if changes, faults := w.poll(9); changes != 0 || faults != nil {
		t.Fatalf("a moment later: %d changes, %v", changes, faults)
	}
	w.want(dinum)
	if changes, faults := w.poll(3); changes != 1 || faults != nil {
		t.Fatalf("when it has lain still: %d changes, %v", changes, faults)
	}
	w.want(clamart, dinum)
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
