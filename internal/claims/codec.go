package claims

import "encoding/binary"

// AppendTo appends the identity in the compact form that is sealed into the cookie.
func (id *Set) AppendTo(b []byte) []byte {
	b = binary.AppendUvarint(b, uint64(id.requested))
	for i := range Table {
		if id.requested&(1<<i) != 0 && i != SIREN { // siren is derived anew
			b = AppendStrings(b, id.Of(i))
		}
	}
	b = binary.AppendUvarint(b, uint64(len(id.extra)))
	for _, e := range id.extra {
		b = appendString(b, e.name)
		b = AppendStrings(b, id.at(e.span))
	}
	return b
}

// Decode reads what AppendTo wrote. The values share the memory of the reader's
// text; room is where it may note where they lie. A fault is the reader's.
func (id *Set) Decode(r *Reader, room []Part) {
	id.src, id.parts = r.Text, room
	requested := r.Uvarint()
	if requested >= 1<<len(Table) {
		r.fail()
		return
	}
	for i := range Table {
		switch {
		case requested&(1<<i) == 0:
		case i == SIREN:
			id.setSIREN()
		default:
			id.read(r, Ref{Index: i})
		}
	}
	for range r.Count() {
		id.read(r, Ref{Index: -1, Name: r.String(r.Count())})
	}
}

// read takes the values of a claim over.
func (id *Set) read(r *Reader, c Ref) {
	lo := len(id.parts)
	for range r.Count() {
		size := r.Count()
		id.parts = append(id.parts, Part{uint32(r.at), uint32(size)})
		r.at += size
	}
	id.place(c, lo)
}

func appendString(b []byte, s string) []byte {
	return append(binary.AppendUvarint(b, uint64(len(s))), s...)
}

// AppendStrings appends a list of texts, as Reader finds them again.
func AppendStrings(b []byte, list []string) []byte {
	b = binary.AppendUvarint(b, uint64(len(list)))
	for _, s := range list {
		b = appendString(b, s)
	}
	return b
}

// Reader takes a sealed session or login attempt apart. After a fault it is at the end.
type Reader struct {
	Text   string
	at     int
	failed bool
}

func (r *Reader) fail() { r.failed, r.at = true, len(r.Text) }

// String reads so many bytes.
func (r *Reader) String(n int) string {
	if n > len(r.Text)-r.at {
		r.fail()
		return ""
	}
	r.at += n
	return r.Text[r.at-n : r.at]
}

// Rest reads what is left.
func (r *Reader) Rest() string { return r.String(len(r.Text) - r.at) }

// Uvarint reads a number.
func (r *Reader) Uvarint() (v uint64) {
	if r.at < len(r.Text) && r.Text[r.at] < 0x80 { // nearly always
		r.at++
		return uint64(r.Text[r.at-1])
	}
	for shift := 0; shift < 63 && r.at < len(r.Text); shift += 7 {
		b := r.Text[r.at]
		r.at++
		v |= uint64(b&0x7f) << shift
		if b < 0x80 {
			return v
		}
	}
	r.fail()
	return 0
}

// Count reads how many things follow; each takes a byte at least.
func (r *Reader) Count() int {
	n := r.Uvarint()
	if n > uint64(len(r.Text)-r.at) {
		r.fail()
		return 0
	}
	return int(n)
}

// Finished says whether everything was read, and nothing was wrong.
func (r *Reader) Finished() bool { return !r.failed && r.at == len(r.Text) }
