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

// briefly bounds the wait for something newer than what is held: it is worth waiting
// for, but must leave time for what remains of the callback. The flight goes on.
func (p *Provider) briefly(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithTimeout(ctx, p.timeout/4)
}
