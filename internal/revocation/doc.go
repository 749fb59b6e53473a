// Package revocation remembers which sessions were ended before their time, for every
// node that shares a storage: families of logins that were logged out, and people whom
// the operator ended.
//
// # Why nobody who logged out lives again
//
// What is revoked is written as objects: files of the storage with a random name, which
// hold a set of (family, until) and are never changed. Everything else follows from three
// operations, of which none can lose an entry:
//
//   - Write. A logout counts on its node before anything is written, and stays pending
//     until the storage has taken it. A write that failed, or whose answer came too late,
//     is done again under another name: at worst an entry is there twice.
//   - Read. Every node lists the names every few seconds and loads those it does not know.
//     Its memory only grows: that a name is no longer listed means nothing, so a storage
//     that forgets, lists late or lists nothing takes no entry away. An entry goes when
//     no clock within [Skew] takes its sessions for alive.
//   - Fold. Many small objects become one, so that a million logouts are some hundred
//     names. The union is written first, then listed and loaded from the storage, then a
//     minute passes in which other nodes read it, and only then are its parts deleted. A
//     node that dies at any step leaves duplicates, never a gap; two nodes that fold the
//     same objects make two unions.
//
// A node that starts knows nothing. It says [Unknown] of every family, and never [Alive],
// until one listing was read whole: each name loaded, and where one was gone when it was
// loaded (folded meanwhile, into an object that the listing did not have), listed again.
// A storage that lists a name late for less than the minute above cannot hide the union.
//
// What a storage loses is written again by the node that wrote it, as long as that would
// be noticed within ten minutes. What it loses later, every running node still knows.
//
// Clocks decide two things: when an entry is needless, and when an object is deleted. The
// first takes [Skew] more than a session lasts, the second a day, because a clock that
// jumped ahead would delete for all. A node whose clock was ahead and is right again has
// forgotten entries that are needed once more: it knows up to when, and says [Unknown]
// of what ends before that until it has read everything anew.
//
// Whoever can write to the storage can also delete from it, and has the keys: against
// them nothing here helps. Nor does it help a node that starts over a storage that lists
// nothing and says that this is all there is.
package revocation
