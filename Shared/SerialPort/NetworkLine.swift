public import EventLoop
public import Primitives

/// A TCP connection in the place of a serial port: Modbus TCP, or a port behind a converter. It keeps itself open as a port does.
///
/// `configure` means nothing here: the converter has its own settings.
public final class NetworkLine: ByteLine {
    private let host: String
    private let port: UInt16
    private let keeper: LineKeeper
    private var connection: TCPConnection?
    /// Tells the answers to this attempt from those to one that was given up.
    private var attempt = 0

    /// - Parameters:
    ///   - host: A name or an address; a name is looked up anew at each opening.
    ///   - port: Of TCP.
    ///   - loop: Outlives the line.
    ///   - owner: Hears of everything, from the loop.
    public init(host: String, port: UInt16, loop: EventLoop, owner: LineOwner) {
        self.host = host
        self.port = port
        keeper = LineKeeper(name: "\(host):\(port)", loop: loop, owner: owner)
        keeper.open = { [unowned self] in open() }
    }

    deinit { close() }

    public var isOpen: Bool { keeper.isOpen }
    public var counters: LineCounters { keeper.counters }

    public func start() { keeper.start() }

    public func close() {
        keeper.end()
        release()
    }

    public func perform(_ order: LineOrder) {
        guard let connection else { return }
        switch order {
        case .send(let bytes):
            switch connection.write(bytes) {
            case .accepted: keeper.counters.bytesSent += bytes.count
            case .full: keeper.dropped(bytes.count)
            case .notOpen: break
            }
        case .discardInput: connection.discardInput()
        case .configure: break
        case .reopen(let reason): fail(reason)
        }
    }

    private func open() {
        attempt += 1
        keeper.loop.resolve(host: host, port: port) { [weak self, attempt] result in
            guard let self, self.attempt == attempt, !keeper.hasEnded else { return }
            switch result {
            case .success(let addresses): connect(to: addresses)
            case .failure(let error): fail(error.description)
            }
        }
    }

    private func connect(to addresses: [SocketAddress]) {
        guard let address = addresses.first else { return fail("\(host) has no address") }
        var options = TCPConnection.Options()
        options.writeBuffer = 4096
        options.userTimeout = .seconds(10)
        do throws(SystemError) {
            connection = try TCPConnection.connect(to: address, loop: keeper.loop, options: options) {
                [weak self, attempt] connection, event in
                guard let self, self.attempt == attempt else { return connection.close() }
                take(event)
            }
        } catch {
            fail(error.description)
        }
    }

    private func take(_ event: TCPConnection.Event) {
        switch event {
        case .connected: keeper.opened()
        case .received(let bytes): keeper.received(bytes)
        case .endReached: fail("the other end has closed")
        case .drained: break
        case .closed(let error): if connection != nil { fail(error?.description ?? "closed") }
        }
    }

    private func fail(_ reason: String) {
        release()
        keeper.failed(reason)
    }

    private func release() {
        attempt += 1
        let old = connection
        connection = nil
        old?.close()
    }
}
