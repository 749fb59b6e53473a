package session

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"time"

	"github.com/caddy-proconnect/caddy-proconnect/internal/revocation"
	"github.com/caddy-proconnect/caddy-proconnect/internal/seal"
)

// ErrUnread says that nobody can tell whether a session is good: the storage was not read
// since the process began, so it may have been logged out before.
var ErrUnread = errors.New("session: the storage was not read yet")

// check empties a session that was revoked, or of which nobody can tell.
func (k *Keeper) check(s *Session) error {
	state := k.shared.revoked.Family(s.Family, s.EndsAt())
	if state == revocation.Unknown && k.accept {
		state = revocation.Alive
	}
	if state == revocation.Alive && !k.Ended(s) {
		return nil
	}
	*s = Session{}
	if state == revocation.Unknown {
		return ErrUnread
	}
	return nil
}

// unopened tells keys that could not be read from a cookie that is not ours.
func (k *Keeper) unopened(err error) error {
	if errors.Is(err, seal.ErrUnread) {
		return ErrUnread
	}
	return nil
}

// Ended says whether an operator ended the sessions of the person.
func (k *Keeper) Ended(s *Session) bool { return s.startedAt < k.shared.revoked.PeopleBefore(&s.Set) }

// beginsAt is when a new family begins: now, or behind a record that ends the person's
// sessions. That the login completed later is what counts, whatever the clocks say.
func (k *Keeper) beginsAt(s *Session) int64 {
	if before := k.shared.revoked.PeopleBefore(&s.Set); before > 0 {
		return max(s.startedAt, before+1)
	}
	return s.startedAt
}

// Ready says whether it is known which sessions were revoked.
func (k *Keeper) Ready() bool { return k.accept || k.shared.revoked.Ready() }

// Revoke ends every session of the family: here at once, elsewhere within seconds.
func (k *Keeper) Revoke(s *Session) {
	k.shared.revoked.Revoke(s.Family, s.EndsAt())
}

// Revoked says whether a family was ended, or may have been.
func (k *Keeper) Revoked(f Family) bool {
	switch k.shared.revoked.Family(f, k.now()) {
	case revocation.Alive:
		return false
	case revocation.Unknown:
		return !k.accept
	}
	return true
}

// EndPeople ends the sessions of everybody of whom a field (sub, email, siret, siren or
// idp_id) has a value: here at once, elsewhere within seconds. Where the value is not one
// of the field, nothing happens; any other error says that the storage did not take it,
// so that it holds on this node only until it does.
func (k *Keeper) EndPeople(ctx context.Context, field, value string) error {
	if field == "" {
		return errors.New("no field: want sub, email, siret, siren or idp_id")
	}
	_, err := k.shared.revoked.EndPeople(ctx, field, value)
	return err
}

// Rotate ends the sessions of everybody, and replaces the keys where they are ours. First
// the record, which nodes that hold the old key read with it; once more under the new
// one, for those that start later and never see the old.
func (k *Keeper) Rotate(ctx context.Context) error {
	everybody, err := k.shared.revoked.EndPeople(ctx, "", "")
	if err != nil {
		return fmt.Errorf("the key is not replaced: %w", err)
	}
	if err := k.keys.Rotate(ctx); err != nil {
		return fmt.Errorf("sessions are ended, and the key is not replaced: %w", err)
	}
	return k.shared.revoked.Repeat(ctx, everybody)
}

// ErrStrange says that nothing of the client's is in the storage: no node ever used it.
var ErrStrange = errors.New("session: the storage holds nothing of the client")

// checkTime is how long a storage has to show that it is the one.
const checkTime = 10 * time.Second

// CheckStorage says whether what is written into the storage can reach a node. A process
// of its own must not make the key that the nodes lack: what ends sessions would be sealed
// by it, in a storage that is not theirs.
func (k *Keeper) CheckStorage(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, checkTime)
	defer cancel()
	check := k.keys.Read
	if k.keys.Given() {
		check = k.checkTrace
	}
	err := check(ctx)
	if errors.Is(err, fs.ErrNotExist) {
		return ErrStrange
	}
	return err
}

// Poll looks for what other nodes revoked. It is called again and again.
func (k *Keeper) Poll(ctx context.Context) {
	k.shared.revoked.Poll(ctx)
	k.LeaveTrace(ctx)
}
