package caddytest

import (
	"bufio"
	"crypto/tls"
	"net"
	"net/http"
)

// Raw writes bytes to a site as they are, which no client would.
func (s *Server) Raw(address, request string) Answer {
	s.T.Helper()
	conn, err := new(net.Dialer).DialContext(s.T.Context(), "tcp", address)
	if err != nil {
		s.T.Fatal(err)
	}
	defer conn.Close()
	return s.exchange(conn, request)
}

// RawTLS does the same over TLS.
func (s *Server) RawTLS(host, request string) Answer {
	s.T.Helper()
	dialer := tls.Dialer{Config: &tls.Config{InsecureSkipVerify: true, ServerName: host}}
	conn, err := dialer.DialContext(s.T.Context(), "tcp", Loopback+":"+s.TLSPort)
	if err != nil {
		s.T.Fatal(err)
	}
	defer conn.Close()
	return s.exchange(conn, request)
}

func (s *Server) exchange(conn net.Conn, request string) Answer {
	s.T.Helper()
	if _, err := conn.Write([]byte(s.Fill(request))); err != nil {
		s.T.Fatal(err)
	}
	resp, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		s.T.Fatal(err)
	}
	return ReadAnswer(s.T, resp)
}

// Ask sends a request line to a site as it is, as a stranger.
func (s *Server) Ask(site, target string) Answer {
	s.T.Helper()
	return s.Raw(Loopback+":"+s.Port, "GET "+target+" HTTP/1.1\r\nHost: "+site+":{$PORT}\r\nAccept: text/html\r\nConnection: close\r\n\r\n")
}
