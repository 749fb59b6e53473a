package rp

import (
	"context"
	"time"
)

// answerFresh is how long ago a provider may have answered, unless a configuration says
// otherwise, for a browser to be sent there that is to come back at once, and without a
// question to the person.
const answerFresh = time.Minute

// Answering is what is known of whether a provider answers.
type Answering uint8

const (
	Asking  Answering = iota // not known lately: it is being asked, in the background
	Answers                  // it did lately
	Silent                   // it did not when it was asked last
)

// Answering says whether the provider answered this node lately, by whatever call. Nobody waits for it: what is not known is asked in the background.
func (p *Provider) Answering() Answering {
	d := &p.discovery
	d.mu.Lock()
	defer d.mu.Unlock()
	if p.cfg.Now().Sub(d.answered) < p.fresh && d.failures == 0 {
		return Answers
	}
	if !d.closed {
		d.ask(p)
	}
	if d.failures > 0 {
		return Silent
	}
	return Asking
}

// Reach asks whether the provider answers as one should, unless that is known. What it
// answers serves the first login.
func (p *Provider) Reach(ctx context.Context) error {
	_, err := p.discovery.get(ctx, p)
	return err
}

// noteAnswer remembers that a call was answered.
func (d *discovery) noteAnswer(now time.Time) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.answered = now
}
