package upstream

import (
	"io"
	"sync"
)

// smallBody is up to where a body is copied here, in bytes: the size of the buffer
// with which net copies whatever the kernel does not send by itself.
const smallBody = 32 << 10

// bodyBuffers are those that copySmall used before.
var bodyBuffers = sync.Pool{New: func() any { return new([smallBody]byte) }}

// isSmall says whether a body is known to be small, as a file's is.
func isSmall(r io.Reader) bool {
	l, ok := r.(*io.LimitedReader)
	return ok && l.N <= smallBody
}

// copySmall writes a small body. Handed on to ReadFrom, it would cost net a buffer of
// 32 kB: Caddy's idle timeouts put a limit around the file's own, and sendfile looks
// through one alone. Of all that a request for a small file leaves to the garbage
// collector, that buffer is four fifths; and headers and body leave as one here.
func copySmall(w io.Writer, r io.Reader) (int64, error) {
	buf := bodyBuffers.Get().(*[smallBody]byte)
	n, err := io.CopyBuffer(writerOnly{w}, r, buf[:])
	if err == nil {
		bodyBuffers.Put(buf) // else HTTP/2 may still be sending it, and somebody else's body would go out
	}
	return n, err
}

// writerOnly hides a writer's ReadFrom.
type writerOnly struct{ io.Writer }
