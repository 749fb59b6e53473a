package session

import "time"

// Health is how what the sessions of a client are kept with is doing.
type Health struct {
	Revoked      int  // families that were ended before their time, one by one
	People       int  // records that end the sessions of whoever has a value, or of everybody
	StorageFails bool // logouts are not shared between nodes
	Read         bool // it is known which sessions were ended before the process began
}

// Health says so, without asking the storage.
func (k *Keeper) Health() Health {
	revoked := k.shared.revoked
	return Health{Revoked: revoked.Held(), People: revoked.HeldPeople(), StorageFails: revoked.Failing(), Read: revoked.Read()}
}

// KeyCreated is when the key was made that seals sessions; zero where the operator gave
// it, or none was needed yet.
func (k *Keeper) KeyCreated() time.Time { return k.keys.Created() }
