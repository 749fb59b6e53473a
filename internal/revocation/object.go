package revocation

import (
	"crypto/rand"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"hash/crc32"
	"regexp"
	"strconv"
)

// entries are families by the first eight bytes of their id, and until when they are
// needed, in Unix seconds. Ids are random and nobody else can choose one: that two of a
// million share eight bytes has a chance of one in ten million.
type entries map[uint64]uint32

// add keeps the later end of two.
func (e entries) add(id uint64, until uint32) { e[id] = max(e[id], until) }

// merge takes over those of another set that are needed after a time.
func (e entries) merge(other entries, after int64) {
	for id, until := range other {
		if int64(until) >= after {
			e.add(id, until)
		}
	}
}

// latest is when the last of them is over.
func (e entries) latest() (until int64) {
	for _, u := range e {
		until = max(until, int64(u))
	}
	return until
}

// An object is a header, twelve bytes an entry, and a checksum: what a disk cut off is
// not taken for all there was.
const (
	objectHeader = "pcrv1\n"
	entrySize    = 12
	checksumSize = 4

	// Objects larger than this are not folded any more: 12 MB, a million logouts.
	maxObjectEntries = 1 << 20
)

var errObject = errors.New("damaged: restore the file, or delete it if those who logged out then may come back")

func (e entries) encode() []byte {
	b := make([]byte, 0, len(objectHeader)+len(e)*entrySize+checksumSize)
	b = append(b, objectHeader...)
	for id, until := range e {
		b = binary.BigEndian.AppendUint64(b, id)
		b = binary.BigEndian.AppendUint32(b, until)
	}
	return binary.BigEndian.AppendUint32(b, crc32.ChecksumIEEE(b))
}

// eachEntry yields what encode wrote. Nothing is yielded of a damaged object.
func eachEntry(data []byte, yield func(id uint64, until uint32)) error {
	size := len(data) - len(objectHeader) - checksumSize
	if size < 0 || size%entrySize != 0 || string(data[:len(objectHeader)]) != objectHeader {
		return errObject
	}
	body := data[:len(data)-checksumSize]
	if crc32.ChecksumIEEE(body) != binary.BigEndian.Uint32(data[len(body):]) {
		return errObject
	}
	for b := body[len(objectHeader):]; len(b) > 0; b = b[entrySize:] {
		yield(binary.BigEndian.Uint64(b), binary.BigEndian.Uint32(b[8:]))
	}
	return nil
}

// name says what there is to know of an object before it is loaded.
type name struct {
	until int64  // when the last of its entries is over, Unix seconds
	level int    // how often it was folded; peopleLevel for people
	node  string // who wrote it
}

const peopleLevel = -1

// newName returns a name that nothing else has.
func newName(n name) string {
	level := "p"
	if n.level != peopleLevel {
		level = strconv.Itoa(n.level)
	}
	return fmt.Sprintf("%010d.%s.%s.%s", n.until, level, n.node, randomHex(8))
}

func randomHex(size int) string {
	b := make([]byte, size)
	rand.Read(b) // never fails, by its documentation
	return hex.EncodeToString(b)
}

var validName = regexp.MustCompile(`^([0-9]{10})\.(p|[0-9])\.([0-9a-f]{8})\.[0-9a-f]{16}$`)

// parseName reads a name. What is not ours, or half written by the storage, has another
// shape.
func parseName(base string) (n name, ok bool) {
	m := validName.FindStringSubmatch(base)
	if m == nil {
		return n, false
	}
	n = name{node: m[3], level: peopleLevel}
	n.until, _ = strconv.ParseInt(m[1], 10, 64)
	if m[2] != "p" {
		n.level = int(m[2][0] - '0')
	}
	return n, true
}

// maxLevel is that of the largest objects: a level has one digit.
const maxLevel = 9
