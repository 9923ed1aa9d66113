package comm

// Data of any length goes as messages of at most op.limit bytes: one of exactly
// the limit is followed by another, a shorter one, also of no bytes, is the last.

// outgoing is data being sent.
type outgoing struct {
	rest []byte
	done bool
}

func (s *outgoing) next(limit int) []byte {
	n := min(len(s.rest), limit)
	part := s.rest[:n]
	s.rest, s.done = s.rest[n:], n < limit
	return part
}

// incoming is data being received, into buf as far as it goes.
type incoming struct {
	got, buf []byte
	done     bool
}

// space returns where the next message is received.
func (r *incoming) space() []byte { return r.buf[min(len(r.got), len(r.buf)):] }

// add takes the next message, which is in space() or in memory of its own.
func (r *incoming) add(part []byte, limit int) {
	r.done = len(part) < limit
	switch space := r.space(); {
	case len(part) > 0 && len(space) > 0 && &part[0] == &space[0]:
		r.got = r.buf[:len(r.got)+len(part)]
	case len(r.got) == 0:
		r.got = part
	default:
		r.got = append(r.got, part...)
		r.buf = nil
	}
}

// exchange sends data to one rank and receives from another at once, into buf if
// that is large enough.
func (o op) exchange(to int, data []byte, from int, buf []byte) ([]byte, error) {
	out, in := outgoing{rest: data}, incoming{buf: buf[:len(buf):len(buf)]}
	for !out.done && !in.done {
		part, tag, err := o.c.Sendrecv(o.ctx, to, int(o.kind), out.next(o.limit), from, in.space())
		if err := o.accept(&in, from, part, tag, err); err != nil {
			return nil, err
		}
	}
	if err := o.sendRest(to, &out); err != nil {
		return nil, err
	}
	return in.got, o.recvRest(from, &in)
}

// send sends data to a rank that calls recv or exchange.
func (o op) send(to int, data []byte) error { return o.sendRest(to, &outgoing{rest: data}) }

// recv receives data from a rank that calls send or exchange, into buf if that is
// large enough.
func (o op) recv(from int, buf []byte) ([]byte, error) {
	in := incoming{buf: buf[:len(buf):len(buf)]}
	err := o.recvRest(from, &in)
	return in.got, err
}

func (o op) sendRest(to int, out *outgoing) error {
	for !out.done {
		if err := o.c.Send(o.ctx, to, int(o.kind), out.next(o.limit)); err != nil {
			return err
		}
	}
	return nil
}

func (o op) recvRest(from int, in *incoming) error {
	for !in.done {
		part, tag, err := o.c.Recv(o.ctx, from, in.space())
		if err := o.accept(in, from, part, tag, err); err != nil {
			return err
		}
	}
	return nil
}

// accept adds a received message to in, if it is one of the same collective call.
func (o op) accept(in *incoming, from int, part []byte, tag int, err error) error {
	if err != nil {
		return err
	}
	if kind(tag) != o.kind {
		return o.mismatch(o.kind.String(), from, kind(tag).String())
	}
	in.add(part, o.limit)
	return nil
}
