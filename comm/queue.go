package comm

// A message is what one Send gave.
type message struct {
	tag  int
	data []byte // owned
}

// into returns the data, in buf if it is large enough.
func (m message) into(buf []byte) []byte {
	if len(m.data) > len(buf) {
		return m.data
	}
	return buf[:copy(buf, m.data)]
}

// A queue holds messages, first in, first out. Its memory is used again when it
// has been empty.
type queue struct {
	items []message
	head  int // items before it are gone
}

func (q *queue) push(m message) { q.items = append(q.items, m) }

func (q *queue) pop() (message, bool) {
	if q.head == len(q.items) {
		return message{}, false
	}
	m := q.items[q.head]
	q.items[q.head] = message{}
	if q.head++; q.head == len(q.items) {
		q.items, q.head = q.items[:0], 0
	}
	return m, true
}
