import Testing

@testable import GatewayCore

@Suite struct EndpointTests {
    /// J-CON-02, J-CON-03, J-CON-04.
    @Test(arguments: [
        ("ws://cs.example", "CP1", "/CP1", "cs.example", UInt16(80)),
        (
            "ws://cs.example:8180/steve/websocket/CentralSystemService/", "RDAM 123",
            "/steve/websocket/CentralSystemService/RDAM%20123", "cs.example:8180", 8180
        ),
        ("WS://[::1]:9000/a/b//", "ä/b", "/a/b/%C3%A4%2Fb", "[::1]:9000", 9000),
    ])
    func urlAndIdentityAreJoined(url: String, identity: String, target: String, host: String, port: UInt16) throws {
        let endpoint = try Endpoint(url: url, identity: identity)
        #expect(endpoint.target == target)
        #expect(endpoint.hostHeader == host)
        #expect(endpoint.port == port)
        #expect(endpoint.url == "ws://\(host)\(target)")
    }

    /// J-CON-27 for the colon.
    @Test(arguments: [
        ("wss://cs.example", "CP1", "TLS"), ("http://cs.example", "CP1", "expected ws://"),
        ("ws://", "CP1", "no usable host"), ("ws://cs.example:0", "CP1", "no usable host or port"),
        ("ws://cs.example:x", "CP1", "no usable host or port"), ("ws://cs.example/a?b", "CP1", "query"),
        ("ws://cs example", "CP1", "not usable"), ("ws://cs.example", "", "identity is empty"),
        ("ws://cs.example", "a:b", "colon"), ("ws://user@cs.example", "CP1", "user"),
    ])
    func whatCannotBeUsedIsRefusedInOneLine(url: String, identity: String, words: String) {
        let problem = #expect(throws: EndpointProblem.self) { try Endpoint(url: url, identity: identity) }
        #expect(problem?.description.contains(words) == true)
        #expect(problem?.description.contains("\n") == false)
    }
}
