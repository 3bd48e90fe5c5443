// SPDX-License-Identifier: Apache-2.0

// What only a server of ours is asked: it keeps 2 VMs, each 300 ms in boot.
package main

import (
	"context"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"io"
	"net"
	"strings"
	"time"

	"github.com/containerd/ttrpc"
	"github.com/gogo/protobuf/proto"
	"github.com/golang/protobuf/ptypes/empty"
	"google.golang.org/grpc/codes"
)

// A connection of its own.
func (w *world) dial() (*ttrpc.Client, context.Context, error) {
	conn, err := net.Dial("unix", w.socket)
	if err != nil {
		return nil, nil, err
	}
	return ttrpc.NewClient(conn), context.Background(), nil
}

func testOversize(w *world) error {
	c, ctx, err := w.dial()
	if err != nil {
		return err
	}
	defer c.Close()
	for _, size := range []int{1 << 10, 100 << 10, 4<<20 - 100} {
		blob := &Blob{Data: make([]byte, size)}
		err = c.Call(ctx, service, "Status", blob, &empty.Empty{})
		err = wantCode(err, codes.ResourceExhausted,
			"exceed maximum message size of")
		if err != nil {
			return err
		}
		if _, err = getStatus(ctx, c); err != nil {
			return err
		}
	}
	return nil
}

// Many calls at once on one connection.
func testInFlight(w *world) error {
	c, ctx, err := w.dial()
	if err != nil {
		return err
	}
	defer c.Close()
	return atOnce(32, func() error {
		for k := 0; k < 50; k++ {
			if _, err := getStatus(ctx, c); err != nil {
				return err
			}
		}
		return nil
	})
}

// One call each on many connections, all open at the same time.
func testConnections(w *world) error {
	return atOnce(40, func() error {
		c, ctx, err := w.dial()
		if err != nil {
			return err
		}
		defer c.Close()
		for k := 0; k < 10; k++ {
			if _, err = getStatus(ctx, c); err != nil {
				return err
			}
		}
		return nil
	})
}

// What Go's client does not do by itself is written out in bytes.

type raw struct {
	net.Conn
}

func (w *world) dialRaw() (*raw, error) {
	conn, err := net.Dial("unix", w.socket)
	if err != nil {
		return nil, err
	}
	conn.SetDeadline(time.Now().Add(10 * time.Second))
	return &raw{conn}, nil
}

func frame(stream uint32, kind byte, data []byte) []byte {
	head := make([]byte, 10)
	binary.BigEndian.PutUint32(head, uint32(len(data)))
	binary.BigEndian.PutUint32(head[4:], stream)
	head[8] = kind
	return append(head, data...)
}

func request(stream uint32, method string, timeout time.Duration) []byte {
	data, err := proto.Marshal(&ttrpc.Request{
		Service:     service,
		Method:      method,
		TimeoutNano: timeout.Nanoseconds(),
	})
	if err != nil {
		panic(err)
	}
	return frame(stream, 1, data)
}

func (r *raw) response() (uint32, *ttrpc.Response, error) {
	head := make([]byte, 10)
	if _, err := io.ReadFull(r, head); err != nil {
		return 0, nil, err
	}
	data := make([]byte, binary.BigEndian.Uint32(head))
	if _, err := io.ReadFull(r, data); err != nil {
		return 0, nil, err
	}
	if head[8] != 2 || head[9] != 0 {
		return 0, nil, fmt.Errorf("header %s", hex.EncodeToString(head))
	}
	var response ttrpc.Response
	err := proto.Unmarshal(data, &response)
	return binary.BigEndian.Uint32(head[4:]), &response, err
}

func (r *raw) want(stream uint32, code int32, text string) error {
	got, response, err := r.response()
	if err != nil {
		return err
	}
	var gotCode int32
	var gotText string
	if response.Status != nil {
		gotCode = response.Status.Code
		gotText = response.Status.Message
	}
	if got != stream || gotCode != code || !strings.Contains(gotText, text) {
		return fmt.Errorf("stream %d, code %d, %q; not %d, %d, %q", got,
			gotCode, gotText, stream, code, text)
	}
	return nil
}

func testPipelined(w *world) error {
	r, err := w.dialRaw()
	if err != nil {
		return err
	}
	defer r.Close()
	var all []byte
	for i := uint32(0); i < 40; i++ {
		all = append(all, request(2*i+1, "Status", 0)...)
	}
	if _, err = r.Write(all); err != nil {
		return err
	}
	for i := uint32(0); i < 40; i++ {
		if err = r.want(2*i+1, 0, ""); err != nil {
			return err
		}
	}
	return nil
}

func testByteByByte(w *world) error {
	r, err := w.dialRaw()
	if err != nil {
		return err
	}
	defer r.Close()
	for _, b := range request(1, "Status", 0) {
		if _, err = r.Write([]byte{b}); err != nil {
			return err
		}
	}
	return r.want(1, 0, "")
}

func testServerKeepsDeadline(w *world) error {
	r, err := w.dialRaw()
	if err != nil {
		return err
	}
	defer r.Close()
	for i := uint32(0); i < 2; i++ {
		r.Write(request(2*i+1, "GetBaseVM", 5*time.Second))
		if err = r.want(2*i+1, 0, ""); err != nil {
			return err
		}
	}
	begun := time.Now()
	r.Write(request(5, "GetBaseVM", 200*time.Millisecond))
	if err = r.want(5, 4, ""); err != nil {
		return err
	}
	took := time.Since(begun)
	if took < 150*time.Millisecond || took > 900*time.Millisecond {
		return fmt.Errorf("deadline of 200 ms kept in %v", took)
	}
	r.Write(request(7, "GetBaseVM", -time.Second))
	if err = r.want(7, 4, ""); err != nil {
		return err
	}
	r.Write(request(9, "GetBaseVM", 5*time.Second))
	return r.want(9, 0, "")
}

func testHalfClose(w *world) error {
	r, err := w.dialRaw()
	if err != nil {
		return err
	}
	defer r.Close()
	for i := uint32(0); i < 3; i++ {
		r.Write(request(2*i+1, "GetBaseVM", 5*time.Second))
	}
	if err = r.Conn.(*net.UnixConn).CloseWrite(); err != nil {
		return err
	}
	for i := uint32(0); i < 3; i++ {
		if err = r.want(2*i+1, 0, ""); err != nil {
			return err
		}
	}
	if _, err = r.Read(make([]byte, 1)); err != io.EOF {
		return fmt.Errorf("no end, but %v", err)
	}
	return nil
}

func testBadFrames(w *world) error {
	r, err := w.dialRaw()
	if err != nil {
		return err
	}
	defer r.Close()
	r.Write(request(2, "Status", 0))
	if err = r.want(2, 3, "StreamID must be odd"); err != nil {
		return err
	}
	r.Write(frame(1, 1, []byte{0xff}))
	if err = r.want(1, 3, "unmarshal request error"); err != nil {
		return err
	}
	r.Write(request(5, "Status", 0))
	if err = r.want(5, 0, ""); err != nil {
		return err
	}
	r.Write(request(3, "Status", 0))
	if err = r.want(3, 3, "cannot be re-used"); err != nil {
		return err
	}
	r.Write(frame(7, 3, []byte("data")))
	if err = r.want(7, 3, "no longer active"); err != nil {
		return err
	}
	r.Write(frame(7, 9, []byte("from the future")))
	r.Write(request(7, "Status", 0))
	return r.want(7, 0, "")
}

func testGarbage(w *world) error {
	for _, text := range []string{"GET / HTTP/1.1\r\n\r\n", "\xff"} {
		r, err := w.dialRaw()
		if err != nil {
			return err
		}
		defer r.Close()
		r.Write([]byte(text))
		if _, err = io.Copy(io.Discard, r); err != nil &&
			!strings.Contains(err.Error(), "reset") {
			return fmt.Errorf("not closed: %v", err)
		}
	}
	return nil
}

// Each test begins with both VMs there.
func (w *world) settle() error {
	for end := time.Now().Add(10 * time.Second); time.Now().Before(end); {
		c, ctx, err := w.dial()
		if err != nil {
			return err
		}
		s, err := getStatus(ctx, c)
		c.Close()
		if err != nil {
			return err
		}
		if len(s.Vmstatus) == 2 {
			return nil
		}
		<-time.After(20 * time.Millisecond)
	}
	return fmt.Errorf("the pool was not filled in 10 s")
}

func settled(body func(w *world) error) func(context.Context, *world) error {
	return func(_ context.Context, w *world) error {
		if err := w.settle(); err != nil {
			return err
		}
		return body(w)
	}
}

var deepTests = []test{
	{"oversize_requests", settled(testOversize)},
	{"calls_in_flight", settled(testInFlight)},
	{"connections", settled(testConnections)},
	{"pipelined", settled(testPipelined)},
	{"byte_by_byte", settled(testByteByByte)},
	{"server_keeps_the_deadline", settled(testServerKeepsDeadline)},
	{"half_close", settled(testHalfClose)},
	{"bad_frames", settled(testBadFrames)},
	{"garbage", settled(testGarbage)},
	{"quit_after_all", settled(func(w *world) error {
		return testQuit(context.Background(), w)
	})},
}
