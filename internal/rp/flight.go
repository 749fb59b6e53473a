package rp

import "context"

// flight is one piece of work that several requests wait for. Nobody who waits
// can cancel it for the others: it ends by its own timeout.
type flight struct {
	done chan struct{}
	err  error // to be read once done is closed
}

// launch starts work.
func launch(work func() error) *flight {
	f := &flight{done: make(chan struct{})}
	go func() {
		defer close(f.done)
		f.err = work()
	}()
	return f
}

// wait returns what became of the work, or leaves with the request.
func (f *flight) wait(ctx context.Context, stage Stage) error {
	select {
	case <-f.done:
		return f.err
	case <-ctx.Done():
		return callError(stage, ctx.Err())
	}
}
