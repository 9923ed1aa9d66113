package commtest

import (
	"context"
	"fmt"

	"github.com/soastore/soa/comm"
)

// sizes are lengths of messages: none, one, around the eager limits of MPI
// transports, and far above.
var sizes = []int{0, 1, 100, 4095, 4096, 4097, 65536, 1<<20 + 3}

func messageCases() []Case {
	return []Case{
		{Name: "messages keep their order and tags", Body: order},
		{Name: "messages of all sizes", Body: messages},
		{Name: "messages to oneself", Body: toSelf},
		{Name: "the buffer is used if it is large enough", Body: buffers},
		{Name: "data may change after Send", Body: reuse},
	}
}

func order(ctx context.Context, c comm.Comm) error {
	const count = 50
	for i := range count {
		for to := range c.Size() {
			if err := c.Send(ctx, to, (i*37)%comm.TagLimit, []byte{byte(i), byte(c.Rank())}); err != nil {
				return err
			}
		}
	}
	for from := c.Size() - 1; from >= 0; from-- {
		for i := range count {
			got, tag, err := c.Recv(ctx, from, nil)
			if err != nil {
				return err
			}
			if tag != (i*37)%comm.TagLimit || len(got) != 2 || got[0] != byte(i) || got[1] != byte(from) {
				return fmt.Errorf("message %d from rank %d has tag %d and is %v", i, from, tag, got)
			}
		}
	}
	return nil
}

func messages(ctx context.Context, c comm.Comm) error {
	n := c.Size()
	to, from := (c.Rank()+1)%n, (c.Rank()+n-1)%n
	for _, size := range sizes {
		got, tag, err := c.Sendrecv(ctx, to, 5, pattern(c.Rank(), size), from, nil)
		if err != nil {
			return err
		}
		if err := equal("tag", tag, 5); err != nil {
			return err
		}
		if err := same(fmt.Sprint("from rank ", from), got, pattern(from, size)); err != nil {
			return err
		}
	}
	return nil
}

func toSelf(ctx context.Context, c comm.Comm) error {
	for _, size := range sizes {
		if err := c.Send(ctx, c.Rank(), 9, pattern(3, size)); err != nil {
			return err
		}
	}
	for _, size := range sizes {
		got, tag, err := c.Recv(ctx, c.Rank(), make([]byte, 4096))
		if err != nil {
			return err
		}
		if err := equal("tag", tag, 9); err != nil {
			return err
		}
		if err := same("from itself", got, pattern(3, size)); err != nil {
			return err
		}
	}
	return nil
}

func buffers(ctx context.Context, c comm.Comm) error {
	n := c.Size()
	to, from := (c.Rank()+1)%n, (c.Rank()+n-1)%n
	for _, size := range sizes[1:] {
		for _, room := range []int{size - 1, size, size + 10} {
			buf := make([]byte, room, room+100)
			got, _, err := c.Sendrecv(ctx, to, 0, pattern(c.Rank(), size), from, buf)
			if err != nil {
				return err
			}
			if err := same("received", got, pattern(from, size)); err != nil {
				return err
			}
			if err := equal("in the buffer", room > 0 && &got[0] == &buf[0], room >= size); err != nil {
				return err
			}
			if err := same("behind the buffer", buf[:cap(buf)][room:], make([]byte, 100)); err != nil {
				return err
			}
		}
	}
	return nil
}

func reuse(ctx context.Context, c comm.Comm) error {
	const count = 20
	if c.Rank() != 0 {
		for i := range count {
			got, _, err := c.Recv(ctx, 0, nil)
			if err != nil {
				return err
			}
			if err := same(fmt.Sprint("message ", i), got, pattern(i, sizes[i%len(sizes)])); err != nil {
				return err
			}
		}
		return nil
	}
	memory := make([]byte, sizes[len(sizes)-1])
	for to := 1; to < c.Size(); to++ {
		for i := range count {
			data := memory[:copy(memory, pattern(i, sizes[i%len(sizes)]))]
			if err := c.Send(ctx, to, 0, data); err != nil {
				return err
			}
			clear(memory)
		}
	}
	return nil
}
