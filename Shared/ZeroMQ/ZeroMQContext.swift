internal import CZeroMQ

/// One libzmq instance with its I/O thread. Ended when the last socket that uses it is gone.
public final class ZeroMQContext {
    let pointer: UnsafeMutableRawPointer
    private var openSockets = 0
    private var isFinished = false

    /// - Throws: `ZeroMQError` when the process has no descriptors or memory left.
    public init() throws(ZeroMQError) {
        guard let pointer = zmq_ctx_new() else { throw ZeroMQError.last("create a context") }
        self.pointer = pointer
        // Sockets set their own linger; this covers the moment between creation and the option.
        zmq_ctx_set(pointer, ZMQ_BLOCKY, 0)
    }

    /// Waits until closed sockets have sent what they may still send. Does nothing while a socket is open.
    ///
    /// For the end of a process: what a socket was given just before it ends would be lost otherwise.
    public func finish() {
        guard openSockets == 0, !isFinished else { return }
        isFinished = true
        zmq_ctx_term(pointer)
    }

    func socketOpened() {
        precondition(!isFinished, "A finished context makes no more sockets.")
        openSockets += 1
    }

    func socketClosed() { openSockets -= 1 }

    // Every socket holds a reference to its context, so none is open here.
    deinit { finish() }
}
