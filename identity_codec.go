package proconnect

import "encoding/binary"

// appendTo appends the identity in the compact form that is sealed into the cookie.
func (id *identity) appendTo(b []byte) []byte {
	b = binary.AppendUvarint(b, uint64(id.asked))
	for i := range claimSpecs {
		if id.asked&(1<<i) != 0 && i != claimSiren { // siren is derived anew
			b = appendStrings(b, id.of(i))
		}
	}
	b = binary.AppendUvarint(b, uint64(len(id.extra)))
	for _, e := range id.extra {
		b = appendString(b, e.name)
		b = appendStrings(b, id.at(e.span))
	}
	return b
}

// decode reads what appendTo wrote. The values share the memory of the reader's
// text; room is where it may note where they lie. A fault is the reader's.
func (id *identity) decode(r *reader, room []part) {
	id.src, id.parts = r.text, room
	asked := r.uvarint()
	if asked >= 1<<len(claimSpecs) {
		r.fail()
		return
	}
	for i := range claimSpecs {
		switch {
		case asked&(1<<i) == 0:
		case i == claimSiren:
			id.setSIREN()
		default:
			id.read(r, claimRef{index: i})
		}
	}
	for range r.count() {
		id.read(r, claimRef{index: -1, name: r.string(r.count())})
	}
}

// read takes the values of a claim over.
func (id *identity) read(r *reader, c claimRef) {
	lo := len(id.parts)
	for range r.count() {
		size := r.count()
		id.parts = append(id.parts, part{uint32(r.at), uint32(size)})
		r.at += size
	}
	id.place(c, lo)
}

func appendString(b []byte, s string) []byte {
	return append(binary.AppendUvarint(b, uint64(len(s))), s...)
}

func appendStrings(b []byte, list []string) []byte {
	b = binary.AppendUvarint(b, uint64(len(list)))
	for _, s := range list {
		b = appendString(b, s)
	}
	return b
}

// reader takes a sealed session apart. After a fault it is at the end.
type reader struct {
	text   string
	at     int
	failed bool
}

func (r *reader) fail() { r.failed, r.at = true, len(r.text) }

func (r *reader) string(n int) string {
	if n > len(r.text)-r.at {
		r.fail()
		return ""
	}
	r.at += n
	return r.text[r.at-n : r.at]
}

func (r *reader) uvarint() (v uint64) {
	if r.at < len(r.text) && r.text[r.at] < 0x80 { // nearly always
		r.at++
		return uint64(r.text[r.at-1])
	}
	for shift := 0; shift < 63 && r.at < len(r.text); shift += 7 {
		b := r.text[r.at]
		r.at++
		v |= uint64(b&0x7f) << shift
		if b < 0x80 {
			return v
		}
	}
	r.fail()
	return 0
}

// count reads how many things follow; each takes a byte at least.
func (r *reader) count() int {
	n := r.uvarint()
	if n > uint64(len(r.text)-r.at) {
		r.fail()
		return 0
	}
	return int(n)
}

// finished says whether everything was read, and nothing was wrong.
func (r *reader) finished() bool { return !r.failed && r.at == len(r.text) }
