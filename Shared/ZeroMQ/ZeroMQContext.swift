internal import CZeroMQ

/// One libzmq instance with its I/O thread. Ended when the last socket that uses it is gone.
public final class ZeroMQContext {
    let pointer: UnsafeMutableRawPointer

    /// - Throws: `ZeroMQError` when the process has no descriptors or memory left.
    public init() throws(ZeroMQError) {
        guard let pointer = zmq_ctx_new() else { throw ZeroMQError.last("create a context") }
        self.pointer = pointer
        // Sockets set their own linger; this covers the moment between creation and the option.
        zmq_ctx_set(pointer, ZMQ_BLOCKY, 0)
    }

    // Cannot block: every socket holds a reference to its context, so none is open here.
    deinit { zmq_ctx_term(pointer) }
}
