internal import Glibc

/// A system call that failed because of the system or of a peer.
public struct SystemError: Error, Hashable, Sendable, CustomStringConvertible {
    /// `errno` after the call.
    public let code: Int32
    /// The call and what it was about, for people: `connect 127.0.0.1:80`.
    public let operation: String

    public init(code: Int32, operation: String) {
        self.code = code
        self.operation = operation
    }

    public var description: String { "\(operation): \(String(cString: strerror(code)))" }
}

/// Calls `body` until it is not interrupted by a signal.
/// - Returns: What `body` returned, which is not negative.
/// - Throws: `SystemError` with `errno` and `operation` when `body` returned a negative number.
@discardableResult
func systemCall<Result: SignedInteger>(
    _ operation: @autoclosure () -> String,
    _ body: () -> Result
) throws(SystemError) -> Result {
    while true {
        let result = body()
        if result >= 0 { return result }
        let code = errno
        if code == EINTR { continue }
        // These can only mean that we used a descriptor or a pointer wrongly; going on would hide it.
        precondition(code != EBADF && code != EFAULT, "\(operation()): a bug of ours, errno \(code).")
        throw SystemError(code: code, operation: operation())
    }
}
