// SPDX-License-Identifier: MIT
pragma solidity 0.8.24;

import {MerkleProof} from "@openzeppelin/contracts/utils/cryptography/MerkleProof.sol";

// A stand-in of our own for the SCR distributor: claim(address,uint256,bytes32[]) over a tree of
// OpenZeppelin's standard kind, once for each account, and its event.

interface Erc20 {
    function transfer(address to, uint256 amount) external returns (bool);
}

contract TokenDistributor {
    Erc20 private immutable token;
    bytes32 private immutable root;
    mapping(address => bool) private claimed;

    event Claimed(address indexed account, uint256 amount);

    constructor(Erc20 token_, bytes32 root_) {
        (token, root) = (token_, root_);
    }

    function claim(address account, uint256 amount, bytes32[] calldata merkleProof) external {
        require(!claimed[account], "already claimed");
        bytes32 leaf = keccak256(bytes.concat(keccak256(abi.encode(account, amount))));
        require(MerkleProof.verify(merkleProof, root, leaf), "invalid proof");
        claimed[account] = true;
        require(token.transfer(account, amount));
        emit Claimed(account, amount);
    }
}
