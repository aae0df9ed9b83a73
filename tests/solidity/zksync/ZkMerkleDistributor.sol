// SPDX-License-Identifier: MIT
pragma solidity ^0.8.24;

import {Coin} from "tests/solidity/zksync/Coin.sol";

// Stand-in of the ZK token's distributor, with the official ABI: the original is bytecode of Era.
contract ZkMerkleDistributor {
    Coin public immutable TOKEN;
    bytes32 public immutable MERKLE_ROOT;
    uint256 public immutable WINDOW_START;
    uint256 public immutable WINDOW_END;
    mapping(uint256 => bool) public isClaimed;

    event Claimed(uint256 index, address account, uint256 amount);

    error ZkMerkleDistributor__AlreadyClaimed();
    error ZkMerkleDistributor__ClaimWindowNotOpen();
    error ZkMerkleDistributor__InvalidProof();

    constructor(bytes32 root, uint256 start, uint256 end, uint256 total) {
        (MERKLE_ROOT, WINDOW_START, WINDOW_END) = (root, start, end);
        TOKEN = new Coin("ZK", address(0));
        TOKEN.bridgeMint(address(this), total);
    }

    function claim(uint256 index, uint256 amount, bytes32[] calldata proof) external {
        if (block.timestamp < WINDOW_START || block.timestamp > WINDOW_END) {
            revert ZkMerkleDistributor__ClaimWindowNotOpen();
        }
        if (isClaimed[index]) revert ZkMerkleDistributor__AlreadyClaimed();
        bytes32 node = keccak256(abi.encodePacked(index, msg.sender, amount));
        for (uint256 n = 0; n < proof.length; n++) {
            node = node < proof[n] ? _parent(node, proof[n]) : _parent(proof[n], node);
        }
        if (node != MERKLE_ROOT) revert ZkMerkleDistributor__InvalidProof();
        isClaimed[index] = true;
        emit Claimed(index, msg.sender, amount);
        TOKEN.transfer(msg.sender, amount);
    }

    function _parent(bytes32 left, bytes32 right) private pure returns (bytes32) {
        return keccak256(bytes.concat(left, right));
    }
}
